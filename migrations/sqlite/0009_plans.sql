-- Plans know which variables their steps lack and which tools are pinned.
ALTER TABLE plans ADD COLUMN missing_vars TEXT NOT NULL DEFAULT '[]';
ALTER TABLE plans ADD COLUMN pins TEXT NOT NULL DEFAULT '[]';

-- The variables of a whole plan, asked for once before its first step.
CREATE TABLE plan_credentials (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by TEXT
) STRICT;

-- Other tools for calls that came to nothing, and what was chosen of them.
CREATE TABLE alternatives (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    tool_run_id TEXT NOT NULL REFERENCES tool_runs (id),
    tool_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    status TEXT NOT NULL,
    chosen TEXT,
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by TEXT
) STRICT;
CREATE INDEX alternatives_run ON alternatives (run_id, status);
CREATE INDEX alternatives_conversation ON alternatives (conversation_id);
