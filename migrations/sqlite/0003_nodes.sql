-- Several servers on one database. Types as in 0001_first.sql.

CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    boot_id TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    draining INTEGER NOT NULL CHECK (draining IN (0, 1))
) STRICT;

-- The text so far of a message that streams, for readers on other nodes. Written on PostgreSQL only.
CREATE TABLE message_chunks (
    conversation_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    chunk_offset INTEGER NOT NULL,
    kind TEXT NOT NULL,
    run_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (conversation_id, message_id, part, chunk_offset)
) STRICT;

ALTER TABLE tool_runs ADD COLUMN cancel_requested_at INTEGER;
