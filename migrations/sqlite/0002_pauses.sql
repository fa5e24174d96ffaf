-- A run may wait for a person: for variables, for a yes, or for the choice of a plan. What it waits for stands in the run
-- itself (`pause`); the tables below hold who was asked for what, and the answers.

ALTER TABLE runs ADD COLUMN pause TEXT;
ALTER TABLE runs ADD COLUMN pause_expires_at INTEGER;
CREATE INDEX runs_pause ON runs (pause_expires_at) WHERE status = 'paused';

ALTER TABLE conversations ADD COLUMN safe_mode INTEGER CHECK (safe_mode IN (0, 1));

CREATE TABLE credential_requests (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    tool_run_id TEXT NOT NULL REFERENCES tool_runs (id),
    tool_id TEXT NOT NULL,
    required_keys TEXT NOT NULL,
    missing_keys TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by TEXT
) STRICT;
CREATE INDEX credential_requests_run ON credential_requests (run_id, status);

CREATE TABLE approvals (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    tool_run_id TEXT NOT NULL REFERENCES tool_runs (id),
    tool_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    args_digest TEXT NOT NULL,
    status TEXT NOT NULL,
    remember TEXT,
    note TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by TEXT
) STRICT;
CREATE INDEX approvals_run ON approvals (run_id, status);

-- A yes that lasts: for a tool in one conversation, or (conversation_id = '') in all of a user's.
CREATE TABLE approval_rules (
    user_id TEXT NOT NULL REFERENCES users (id),
    conversation_id TEXT NOT NULL,
    tool_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id, tool_id, reason)
) STRICT;

CREATE TABLE plan_sets (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT REFERENCES runs (id),
    message TEXT NOT NULL,
    status TEXT NOT NULL,
    selected_plan_id TEXT,
    note TEXT,
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by TEXT
) STRICT;
CREATE INDEX plan_sets_run ON plan_sets (run_id, created_at);

CREATE TABLE plans (
    id TEXT NOT NULL PRIMARY KEY,
    plan_set_id TEXT NOT NULL REFERENCES plan_sets (id),
    ordinal INTEGER NOT NULL,
    steps TEXT NOT NULL,
    confidence REAL NOT NULL,
    reasoning TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX plans_ordinal ON plans (plan_set_id, ordinal);

-- Any POST may be sent again under its key: what was answered is kept, and what is being answered is known.
ALTER TABLE idempotency_keys ADD COLUMN status TEXT NOT NULL DEFAULT 'done';
ALTER TABLE idempotency_keys ADD COLUMN response_status INTEGER;
ALTER TABLE idempotency_keys ADD COLUMN response_headers TEXT;
ALTER TABLE idempotency_keys ADD COLUMN locked_until INTEGER NOT NULL DEFAULT 0;
