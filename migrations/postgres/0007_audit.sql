-- What happened, by whom, one hash chain a lane. Rows are only ever added; each one's hash covers all of its fields and the
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
-- As many lanes as a node has connections: a transaction takes one that is free, so commits do not wait for each other.
INSERT INTO audit_heads (chain, n, hash)
SELECT LPAD(lane::TEXT, 2, '0'), 0, DECODE(REPEAT('00', 32), 'hex') FROM GENERATE_SERIES(0, 15) AS lane;
