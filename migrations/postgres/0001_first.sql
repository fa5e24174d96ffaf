-- The same tables as migrations/sqlite/0001_first.sql, under the type map that is written there.
-- Times are milliseconds since 1970 in UTC. JSON is TEXT and read in Rust, never in SQL.

-- What holds for the whole database.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- People.

-- `external_id`: who a user is on the platform that vouches for their keys; NULL for users of this server alone.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT UNIQUE,
    display_name TEXT NOT NULL,
    gravatar_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    external_id TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE UNIQUE INDEX users_external ON users (external_id);
CREATE INDEX users_gravatar ON users (gravatar_hash);

-- Of tokens, codes and keys there are hashes alone, so that a copy of the database signs nobody in.
CREATE TABLE sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    abs_expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

-- One-time codes that sign a browser in.
CREATE TABLE sign_in_codes (
    code_hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- `prefix` is what may be shown of a key.
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

-- `version` counts the changes, so that two clients never undo each other unseen.
CREATE TABLE settings (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Any POST may be sent again under its key: what was answered is kept, and what is being answered is known.
CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    route TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status TEXT NOT NULL DEFAULT 'done',
    response_status BIGINT,
    response_headers TEXT,
    response_body TEXT NOT NULL,
    locked_until BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (principal, key, route)
);

-- Conversations.

-- `next_seq` numbers the events, under the lock of this row. `link_id` opens the conversation for guests; each change of it
-- begins an epoch, and guests belong to the one they joined in.
CREATE TABLE conversations (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    title TEXT,
    title_source TEXT NOT NULL,
    model TEXT NOT NULL,
    safe_mode BOOLEAN,
    guest_credentials TEXT NOT NULL DEFAULT 'approve',
    visibility TEXT NOT NULL DEFAULT 'link',
    link_id TEXT,
    link_epoch BIGINT NOT NULL DEFAULT 0,
    -- Tokens of all its runs and outside of them (for the title, and for plans that were made without executing), as JSON.
    usage TEXT NOT NULL DEFAULT '{}',
    -- Its events up to this one happened elsewhere: it came in as a document.
    imported_seq BIGINT NOT NULL DEFAULT 0,
    -- The title of what it is a copy of.
    forked_from TEXT,
    next_seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX conversations_link ON conversations (link_id);
CREATE INDEX conversations_created ON conversations (created_at);

-- Links that were replaced: whoever has one is told that it is gone.
CREATE TABLE retired_links (
    link_id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    retired_at BIGINT NOT NULL
);

-- Names and pictures as they were when somebody last came in: others see these.
CREATE TABLE participants (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    display_name TEXT NOT NULL,
    gravatar_hash TEXT NOT NULL,
    epoch BIGINT NOT NULL DEFAULT 0,
    first_seen_at BIGINT NOT NULL,
    blocked_at BIGINT,
    PRIMARY KEY (conversation_id, user_id)
);

-- What every client sees, in the order of the commits.
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

-- Runs. `config` is what was chosen when the message was sent, `fence` counts the changes of hands, `pause` is what a run
-- waits for. `finish_reason`: why the model stopped in the newest step that is whole; NULL: it is not known.
CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    message_id TEXT NOT NULL,
    actor_user_id TEXT NOT NULL REFERENCES users (id),
    status TEXT NOT NULL,
    model TEXT NOT NULL,
    config TEXT NOT NULL,
    step_no BIGINT NOT NULL,
    tool_calls BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    recoveries BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    cancel_requested_at BIGINT,
    pause TEXT,
    pause_expires_at BIGINT,
    finish_reason TEXT,
    error TEXT,
    usage TEXT NOT NULL,
    queued_seq BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
-- At most one run of a conversation works or is paused.
CREATE UNIQUE INDEX runs_one_active ON runs (conversation_id) WHERE status IN ('running', 'paused');
CREATE INDEX runs_claim ON runs (status, lease_until, queued_at);
CREATE INDEX runs_conversation ON runs (conversation_id, queued_seq);
CREATE INDEX runs_queued ON runs (queued_at);
CREATE INDEX runs_pause ON runs (pause_expires_at) WHERE status = 'paused';

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
    data TEXT,
    calls TEXT NOT NULL,
    provider_state TEXT NOT NULL,
    finish_reason TEXT,
    client_message_id TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);
CREATE UNIQUE INDEX messages_client ON messages (conversation_id, client_message_id);
-- So that the others can be counted without reading them.
CREATE INDEX messages_discarded ON messages (conversation_id) WHERE status = 'discarded';
CREATE INDEX messages_run ON messages (run_id, seq);

-- The text so far of a message that streams, for readers on other nodes. Written on PostgreSQL only.
CREATE TABLE message_chunks (
    conversation_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    part BIGINT NOT NULL,
    chunk_offset BIGINT NOT NULL,
    kind TEXT NOT NULL,
    run_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (conversation_id, message_id, part, chunk_offset)
);

-- Attempts that failed stay, since they were paid for.
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

-- A row with a start and no end is a call that may have taken effect.
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
    duration_ms BIGINT,
    -- The executor that took it.
    executor TEXT,
    -- What the model is told of it besides.
    notice TEXT,
    cancel_requested_at BIGINT
);
CREATE UNIQUE INDEX tool_runs_call ON tool_runs (message_id, call_id);
CREATE INDEX tool_runs_run ON tool_runs (run_id, seq);
CREATE INDEX tool_runs_conversation ON tool_runs (conversation_id, seq);
CREATE INDEX tool_runs_created ON tool_runs (created_at);

-- Tokens as they were taken, a row each time; without a run, for a title or for plans alone.
CREATE TABLE token_usage (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT,
    model TEXT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL,
    unpriced_tokens BIGINT NOT NULL
);
CREATE INDEX token_usage_at ON token_usage (at);

-- The prompts that runs had. `user_id` is empty for a default prompt; the others are for their user's eyes.
CREATE TABLE prompts (
    version TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (version, user_id)
);

-- What people are asked, and what they answered. That a run waits, and for what, stands in the run.

CREATE TABLE credential_requests (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    tool_run_id TEXT NOT NULL REFERENCES tool_runs (id),
    tool_id TEXT NOT NULL,
    required_keys TEXT NOT NULL,
    missing_keys TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT
);
CREATE INDEX credential_requests_run ON credential_requests (run_id, status);

-- `args_digest` is of the call that was shown: an approval holds for this and nothing else.
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
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT
);
CREATE INDEX approvals_run ON approvals (run_id, status);

-- Standing approvals: for a tool's edition in one conversation, or (conversation_id = '') in all of a user's.
CREATE TABLE approval_rules (
    id TEXT NOT NULL DEFAULT '',
    user_id TEXT NOT NULL REFERENCES users (id),
    conversation_id TEXT NOT NULL,
    tool_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '',
    integrity TEXT,
    own BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, conversation_id, tool_id, reason)
);
CREATE UNIQUE INDEX approval_rules_id ON approval_rules (id);

-- Plans that were proposed together; without a run when they were asked for alone.
CREATE TABLE plan_sets (
    id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    run_id TEXT REFERENCES runs (id),
    message TEXT NOT NULL,
    status TEXT NOT NULL,
    selected_plan_id TEXT,
    note TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT
);
CREATE INDEX plan_sets_run ON plan_sets (run_id, created_at);

CREATE TABLE plans (
    id TEXT NOT NULL PRIMARY KEY,
    plan_set_id TEXT NOT NULL REFERENCES plan_sets (id),
    ordinal BIGINT NOT NULL,
    steps TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    reasoning TEXT NOT NULL,
    missing_vars TEXT NOT NULL DEFAULT '[]',
    pins TEXT NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX plans_ordinal ON plans (plan_set_id, ordinal);

-- The variables of a whole plan, asked for once before its first step.
CREATE TABLE plan_credentials (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT
);

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
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT
);
CREATE INDEX alternatives_run ON alternatives (run_id, status);
CREATE INDEX alternatives_conversation ON alternatives (conversation_id);

-- What people say of answers: each person's newest word about each run. `author` is who they were then; in a conversation that
-- was imported they are nobody of this server. `seq` is the event that tells of it.
CREATE TABLE feedback (
    run_id TEXT NOT NULL REFERENCES runs (id),
    user_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    author TEXT NOT NULL,
    rating TEXT NOT NULL,
    felt_real BOOLEAN,
    comment TEXT,
    seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (run_id, user_id)
);
CREATE INDEX feedback_conversation ON feedback (conversation_id, seq);
CREATE INDEX feedback_created ON feedback (created_at);

-- Secrets. Nothing in here can be read without the master key, which is never in the database.

-- One current data key a user, wrapped under a master key. A key that values need can't be deleted.
CREATE TABLE data_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kek_id TEXT NOT NULL,
    alg TEXT NOT NULL,
    nonce BYTEA NOT NULL,
    wrapped_key BYTEA NOT NULL,
    enc_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT
);
CREATE UNIQUE INDEX data_keys_current ON data_keys (user_id) WHERE retired_at IS NULL;

-- `scope` is global, tool or model; `tool_id` is empty but for tool, and `given_*` is the edition that one was given for.
-- `keyring_account`: the value is in the keyring of the user's machine, under this account, and what is sealed is the same
-- account, so a row that is changed does not open. NULL: the value itself is sealed.
CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    scope TEXT NOT NULL,
    tool_id TEXT NOT NULL,
    key_name TEXT NOT NULL,
    dek_id TEXT NOT NULL REFERENCES data_keys (id),
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    version BIGINT NOT NULL,
    hint TEXT,
    given_version TEXT NOT NULL DEFAULT '',
    given_integrity TEXT,
    given_own BOOLEAN NOT NULL DEFAULT FALSE,
    keyring_account TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE UNIQUE INDEX credentials_place ON credentials (user_id, scope, tool_id, key_name);
CREATE INDEX credentials_dek ON credentials (dek_id);

-- Accounts of the keyring that no credential names: one that is being written, or is to be removed.
CREATE TABLE keyring_leftovers (
    account TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- Which edition of a tool may have a global credential.
CREATE TABLE credential_grants (
    user_id TEXT NOT NULL REFERENCES users (id),
    key_name TEXT NOT NULL,
    tool_id TEXT NOT NULL,
    publisher TEXT NOT NULL,
    version TEXT NOT NULL,
    integrity TEXT,
    own BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key_name, tool_id)
);

-- Variables of one run, deleted when it ends. `user_id` is whose they are.
CREATE TABLE run_env (
    run_id TEXT NOT NULL,
    key_name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    dek_id TEXT NOT NULL REFERENCES data_keys (id),
    nonce BYTEA NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (run_id, key_name)
);
CREATE INDEX run_env_dek ON run_env (dek_id);

-- The registry.

-- Counts its changes: whoever writes rows holds it until the commit, so the order of its numbers is the order of the commits,
-- and a node that has read up to one of them has missed nothing.
CREATE TABLE tool_revisions (
    id BIGINT NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
);
INSERT INTO tool_revisions (id, n) VALUES (1, 0);

-- `tool` is the whole tool as JSON; the other columns are what SQL needs. `failing`: the user whose calls failed, `*` for
-- several, empty for nobody.
CREATE TABLE tools (
    tool_id TEXT NOT NULL PRIMARY KEY,
    tool TEXT NOT NULL,
    source TEXT NOT NULL,
    runs BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failing TEXT NOT NULL DEFAULT '',
    revision BIGINT NOT NULL DEFAULT 0,
    updated_at BIGINT NOT NULL
);
CREATE INDEX tools_added ON tools (tool_id) WHERE source = 'added';
CREATE INDEX tools_revision ON tools (revision);
CREATE INDEX tools_mirrored ON tools (tool_id) WHERE source = 'mirror';

-- What texts of tools mean, by the hash of the text: a direction, a byte for each of its numbers. What can be made again.
CREATE TABLE text_vectors (
    text_hash TEXT NOT NULL PRIMARY KEY,
    vector BYTEA NOT NULL
);

-- Other registries that are mirrored. `state` is how far that has got, as JSON; `holder` reads it until `held_until`.
CREATE TABLE mirrors (
    url TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    held_until BIGINT NOT NULL
);

-- Which rows of the listing that is being read have been seen, as hashes, piece by piece.
CREATE TABLE mirror_seen (
    url TEXT NOT NULL,
    n BIGINT NOT NULL,
    hashes TEXT NOT NULL,
    PRIMARY KEY (url, n)
);

-- In a user's eyes these stand in place of rows of `tools` with the same id; nobody else sees them.
CREATE TABLE own_tools (
    user_id TEXT NOT NULL REFERENCES users (id),
    tool_id TEXT NOT NULL,
    package TEXT NOT NULL,
    tool TEXT NOT NULL,
    source TEXT NOT NULL,
    runs BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failing TEXT NOT NULL DEFAULT '',
    revision BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, tool_id)
);

-- The servers.

-- Those that share this database.
CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    boot_id TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    draining BOOLEAN NOT NULL
);

-- Circuit breakers that have something to tell: a window with failures in it, or an opening. No row: closed. A caller can
-- provoke most failures, so one opens for everybody only when calls of different users fail, and for one user by that user's
-- own. `user_id`: whose it is; NULL: everybody's. `failed_for`: whose calls failed, while those are one user's. `is_shared`:
-- calls of different users failed, or what no caller can provoke.
CREATE TABLE breakers (
    key TEXT NOT NULL PRIMARY KEY,
    user_id TEXT,
    state TEXT NOT NULL,
    failures BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    failed_for TEXT,
    is_shared BOOLEAN NOT NULL DEFAULT FALSE,
    window_started_at BIGINT NOT NULL,
    opened_at BIGINT,
    next_probe_at BIGINT,
    delay_ms BIGINT NOT NULL,
    probe_owner TEXT,
    reason TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX breakers_state ON breakers (state);

-- What happened, by whom, one hash chain a shard. Rows are only ever added; each one's hash covers all of its fields and the
-- hash of the one before. `audit_heads` says where each chain ends, so that a tail that is cut off is missed.
CREATE TABLE audit_log (
    chain TEXT NOT NULL,
    n BIGINT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor_user_id TEXT,
    actor_kind TEXT NOT NULL,
    api_key_id TEXT,
    ip TEXT,
    request_id TEXT,
    action TEXT NOT NULL,
    object_type TEXT NOT NULL,
    object_id TEXT,
    conversation_id TEXT,
    run_id TEXT,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (chain, n)
);
CREATE INDEX audit_log_id ON audit_log (id);
CREATE INDEX audit_log_actor ON audit_log (actor_user_id, id);

CREATE FUNCTION audit_log_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END $$;
CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_is_only_added_to();

CREATE TABLE audit_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL,
    hash BYTEA NOT NULL
);
-- As many shards as a node has connections: a transaction takes one that is free, so commits do not wait for each other.
INSERT INTO audit_heads (chain, n, hash)
SELECT LPAD(shard::TEXT, 2, '0'), 0, DECODE(REPEAT('00', 32), 'hex') FROM GENERATE_SERIES(0, 15) AS shard;
