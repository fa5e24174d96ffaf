-- Secrets. Nothing in here can be read without the master key, which is never in the database.

-- One current data key a user, wrapped under a master key. A key that values need can't be deleted.
CREATE TABLE data_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kek_id TEXT NOT NULL,
    alg TEXT NOT NULL,
    nonce BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    enc_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER
) STRICT;
CREATE UNIQUE INDEX data_keys_current ON data_keys (user_id) WHERE retired_at IS NULL;

-- `scope` is global or tool; `tool_id` is empty for global ones.
CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    scope TEXT NOT NULL,
    tool_id TEXT NOT NULL,
    key_name TEXT NOT NULL,
    dek_id TEXT NOT NULL REFERENCES data_keys (id),
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    version INTEGER NOT NULL,
    hint TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX credentials_place ON credentials (user_id, scope, tool_id, key_name);
CREATE INDEX credentials_dek ON credentials (dek_id);

-- Which tool may have a global credential.
CREATE TABLE credential_grants (
    user_id TEXT NOT NULL REFERENCES users (id),
    key_name TEXT NOT NULL,
    tool_id TEXT NOT NULL,
    publisher TEXT NOT NULL,
    max_major INTEGER,
    source TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key_name, tool_id)
) STRICT;

-- Variables of one run, deleted when it ends. `user_id` is whose they are.
CREATE TABLE run_env (
    run_id TEXT NOT NULL,
    key_name TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    dek_id TEXT NOT NULL REFERENCES data_keys (id),
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (run_id, key_name)
) STRICT;
CREATE INDEX run_env_dek ON run_env (dek_id);
