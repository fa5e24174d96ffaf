-- Who may open what.

ALTER TABLE users ADD COLUMN disabled_at INTEGER;
-- Who a user is on the platform that vouches for their keys; empty for users of this server alone.
ALTER TABLE users ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX users_external ON users (external_id);
CREATE INDEX users_gravatar ON users (gravatar_hash);

CREATE INDEX sessions_user ON sessions (user_id);

-- One-time codes that sign a browser in.
CREATE TABLE sign_in_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- `link_id` opens a conversation for guests; each change of it begins an epoch, and guests belong to the one they joined in.
ALTER TABLE conversations ADD COLUMN visibility TEXT NOT NULL DEFAULT 'link';
ALTER TABLE conversations ADD COLUMN link_id TEXT;
ALTER TABLE conversations ADD COLUMN link_epoch INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET link_id = id;
CREATE UNIQUE INDEX conversations_link ON conversations (link_id);

CREATE TABLE retired_links (
    link_id TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    retired_at INTEGER NOT NULL
) STRICT;

ALTER TABLE participants ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE participants ADD COLUMN blocked_at INTEGER;
