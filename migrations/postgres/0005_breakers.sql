-- Circuit breakers that have something to tell: a window with failures in it, or an opening. No row: closed.
CREATE TABLE breakers (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    failures BIGINT NOT NULL,
    successes BIGINT NOT NULL,
    window_started_at BIGINT NOT NULL,
    opened_at BIGINT,
    next_probe_at BIGINT,
    delay_ms BIGINT NOT NULL,
    probe_owner TEXT,
    reason TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX breakers_state ON breakers (state);
