-- Tools that users added for themselves, and what a credential, a grant or a lasting yes was given for.

-- Counts the changes of the registry: whoever writes rows holds it until the commit, so the order of its numbers is the order of
-- the commits, and a node that has read up to one of them has missed nothing.
CREATE TABLE tool_revisions (
    id BIGINT NOT NULL PRIMARY KEY,
    n BIGINT NOT NULL
);
INSERT INTO tool_revisions (id, n) VALUES (1, 0);

-- `failing`: the user whose calls failed, `*` for several, empty for nobody.
ALTER TABLE tools ADD COLUMN failing TEXT NOT NULL DEFAULT '';
ALTER TABLE tools ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
UPDATE tools SET failing = '*' WHERE failures > 0;
CREATE INDEX tools_revision ON tools (revision);
-- What is larger than any row may be now.
DELETE FROM tools WHERE LENGTH(tool) > 262144 OR LENGTH(tool_id) > 512;

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

-- The edition of the tool that a credential of scope `tool` was given for. Nothing is known of those that are here: the tool's
-- next use asks once.
ALTER TABLE credentials ADD COLUMN given_version TEXT NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN given_integrity TEXT;
ALTER TABLE credentials ADD COLUMN given_own BOOLEAN NOT NULL DEFAULT FALSE;

-- Grants and lasting yeses of before say a major version alone, so an older one of it would have what they give. Each is asked
-- for once more.
DROP TABLE credential_grants;
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
DELETE FROM approval_rules;
ALTER TABLE approval_rules DROP COLUMN max_major;
ALTER TABLE approval_rules ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE approval_rules ADD COLUMN integrity TEXT;
ALTER TABLE approval_rules ADD COLUMN own BOOLEAN NOT NULL DEFAULT FALSE;
