-- What happened, by whom, one hash chain a lane. Rows are only ever added; each one's hash covers all of its fields and the
-- hash of the one before. `audit_heads` says where each chain ends, so that a tail that is cut off is missed.
CREATE TABLE audit_log (
    chain TEXT NOT NULL,
    n INTEGER NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
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
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, n)
) STRICT;
CREATE INDEX audit_log_id ON audit_log (id);
CREATE INDEX audit_log_actor ON audit_log (actor_user_id, id);

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;

CREATE TABLE audit_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    n INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
-- SQLite has one writer, so one chain is enough.
INSERT INTO audit_heads (chain, n, hash) VALUES ('00', 0, zeroblob(32));
