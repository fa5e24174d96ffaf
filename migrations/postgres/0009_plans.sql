-- The same as migrations/sqlite/0009_plans.sql, under the type map of the first migration.
ALTER TABLE plans ADD COLUMN missing_vars TEXT NOT NULL DEFAULT '[]';
ALTER TABLE plans ADD COLUMN pins TEXT NOT NULL DEFAULT '[]';

CREATE TABLE plan_credentials (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT
);

CREATE TABLE alternatives (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    tool_run_id TEXT NOT NULL REFERENCES tool_runs (id),
    tool_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    status TEXT NOT NULL,
    chosen TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT
);
CREATE INDEX alternatives_run ON alternatives (run_id, status);
CREATE INDEX alternatives_conversation ON alternatives (conversation_id);
