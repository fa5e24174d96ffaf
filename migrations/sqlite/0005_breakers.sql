-- Circuit breakers that have something to tell: a window with failures in it, or an opening. No row: closed.
CREATE TABLE breakers (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    failures INTEGER NOT NULL,
    successes INTEGER NOT NULL,
    window_started_at INTEGER NOT NULL,
    opened_at INTEGER,
    next_probe_at INTEGER,
    delay_ms INTEGER NOT NULL,
    probe_owner TEXT,
    reason TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX breakers_state ON breakers (state);
