-- The same tables as migrations/sqlite/0001_first.sql, under the type map that is written there.
-- Times are milliseconds since 1970 in UTC. JSON is TEXT and read in Rust, never in SQL.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT UNIQUE,
    display_name TEXT NOT NULL,
    gravatar_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    abs_expires_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    key_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE settings (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE conversations (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    title TEXT,
    title_source TEXT NOT NULL,
    model TEXT NOT NULL,
    next_seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE participants (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    display_name TEXT NOT NULL,
    gravatar_hash TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    message_id TEXT NOT NULL,
    actor_user_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    step_no BIGINT NOT NULL,
    tool_calls BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    recoveries BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    cancel_requested_at BIGINT,
    error TEXT,
    usage TEXT NOT NULL,
    queued_seq BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
-- At most one run of a conversation works or is paused (invariant I1 of docs/ARCHITECTURE.md).
CREATE UNIQUE INDEX runs_one_active ON runs (conversation_id) WHERE status IN ('running', 'paused');
CREATE INDEX runs_claim ON runs (status, lease_until, queued_at);
CREATE INDEX runs_conversation ON runs (conversation_id, queued_seq);

CREATE TABLE messages (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    run_id TEXT NOT NULL,
    step_no BIGINT,
    author TEXT,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    parts TEXT NOT NULL,
    content TEXT NOT NULL,
    calls TEXT NOT NULL,
    provider_state TEXT NOT NULL,
    client_message_id TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);
CREATE UNIQUE INDEX messages_client ON messages (conversation_id, client_message_id);
CREATE INDEX messages_run ON messages (run_id, seq);

CREATE TABLE steps (
    run_id TEXT NOT NULL REFERENCES runs (id),
    step_no BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    finish_reason TEXT,
    usage TEXT,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    error TEXT,
    PRIMARY KEY (run_id, step_no, attempt)
);

CREATE TABLE tool_runs (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    message_id TEXT NOT NULL REFERENCES messages (id),
    call_id TEXT NOT NULL,
    call_name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    tool_id TEXT NOT NULL,
    tool_name TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    output_summary TEXT NOT NULL,
    output_bytes BIGINT NOT NULL,
    truncated BOOLEAN NOT NULL,
    error TEXT,
    credentials_used TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    duration_ms BIGINT
);
CREATE UNIQUE INDEX tool_runs_call ON tool_runs (message_id, call_id);
CREATE INDEX tool_runs_run ON tool_runs (run_id, seq);
CREATE INDEX tool_runs_conversation ON tool_runs (conversation_id, seq);

CREATE TABLE events (
    conversation_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    run_id TEXT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX events_run ON events (run_id, seq);

CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    response_body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (principal, key, route)
);

-- The registry. `tool` is the whole tool as JSON; the other columns are what SQL needs.
CREATE TABLE tools (
    tool_id TEXT NOT NULL PRIMARY KEY,
    package TEXT NOT NULL,
    tool TEXT NOT NULL,
    source TEXT NOT NULL,
    runs BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX tools_package ON tools (package);
