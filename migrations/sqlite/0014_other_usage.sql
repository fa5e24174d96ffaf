-- Tokens of model calls that belong to no run: a conversation's title, plans that were made without a run.
CREATE TABLE other_usage (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    purpose TEXT NOT NULL,
    usage TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX other_usage_of_conversation ON other_usage (conversation_id);
