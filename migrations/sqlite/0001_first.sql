-- Types, and how they map to PostgreSQL: TEXT=TEXT, INTEGER=BIGINT (or BOOLEAN with a CHECK of 0 and 1), BLOB=BYTEA.
-- Times are milliseconds since 1970 in UTC. JSON is TEXT and read in Rust, never in SQL.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT UNIQUE,
    display_name TEXT NOT NULL,
    gravatar_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    abs_expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE TABLE settings (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conversations (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    title TEXT,
    title_source TEXT NOT NULL,
    model TEXT NOT NULL,
    next_seq INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE participants (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    display_name TEXT NOT NULL,
    gravatar_hash TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT;

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    message_id TEXT NOT NULL,
    actor_user_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    step_no INTEGER NOT NULL,
    tool_calls INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    recoveries INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    cancel_requested_at INTEGER,
    error TEXT,
    usage TEXT NOT NULL,
    queued_seq INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
-- At most one run of a conversation works or is paused (invariant I1 of docs/ARCHITECTURE.md).
CREATE UNIQUE INDEX runs_one_active ON runs (conversation_id) WHERE status IN ('running', 'paused');
CREATE INDEX runs_claim ON runs (status, lease_until, queued_at);
CREATE INDEX runs_conversation ON runs (conversation_id, queued_seq);

CREATE TABLE messages (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    step_no INTEGER,
    author TEXT,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    parts TEXT NOT NULL,
    content TEXT NOT NULL,
    calls TEXT NOT NULL,
    provider_state TEXT NOT NULL,
    client_message_id TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);
CREATE UNIQUE INDEX messages_client ON messages (conversation_id, client_message_id);
CREATE INDEX messages_run ON messages (run_id, seq);

CREATE TABLE steps (
    run_id TEXT NOT NULL REFERENCES runs (id),
    step_no INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    finish_reason TEXT,
    usage TEXT,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    error TEXT,
    PRIMARY KEY (run_id, step_no, attempt)
) STRICT;

CREATE TABLE tool_runs (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    message_id TEXT NOT NULL REFERENCES messages (id),
    call_id TEXT NOT NULL,
    call_name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    tool_id TEXT NOT NULL,
    tool_name TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    output_summary TEXT NOT NULL,
    output_bytes INTEGER NOT NULL,
    truncated INTEGER NOT NULL CHECK (truncated IN (0, 1)),
    error TEXT,
    credentials_used TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    duration_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX tool_runs_call ON tool_runs (message_id, call_id);
CREATE INDEX tool_runs_run ON tool_runs (run_id, seq);
CREATE INDEX tool_runs_conversation ON tool_runs (conversation_id, seq);

CREATE TABLE events (
    conversation_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    run_id TEXT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_run ON events (run_id, seq);

CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    response_body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (principal, key, route)
) STRICT;

-- The registry. `tool` is the whole tool as JSON; the other columns are what SQL needs.
CREATE TABLE tools (
    tool_id TEXT NOT NULL PRIMARY KEY,
    package TEXT NOT NULL,
    tool TEXT NOT NULL,
    source TEXT NOT NULL,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tools_package ON tools (package);
