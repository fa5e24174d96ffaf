-- A conversation's runs that are not over are asked for with every message, however many it had.
CREATE INDEX runs_open ON runs (conversation_id, queued_seq) WHERE status IN ('queued', 'running', 'paused');
