-- The same tables as migrations/sqlite/0003_nodes.sql.

CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    boot_id TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    draining BOOLEAN NOT NULL
);

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

ALTER TABLE tool_runs ADD COLUMN cancel_requested_at BIGINT;
