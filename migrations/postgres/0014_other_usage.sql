-- The same as migrations/sqlite/0014_other_usage.sql, under the type map of the first migration.
CREATE TABLE other_usage (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    purpose TEXT NOT NULL,
    usage TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX other_usage_of_conversation ON other_usage (conversation_id);
