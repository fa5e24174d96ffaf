-- Search indexes that servers keep in files: one whose token is here tells of this database's own past.
CREATE TABLE index_files (
    token TEXT NOT NULL PRIMARY KEY,
    saved_at BIGINT NOT NULL
);

-- Tools that were called: what is known of them is newer than such a file.
CREATE INDEX tools_called ON tools (tool_id) WHERE runs > 0;
