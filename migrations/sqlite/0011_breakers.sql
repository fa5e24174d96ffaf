-- Whose calls failed. A caller can provoke most failures, so a breaker opens for everybody only when calls of different users
-- fail, and for one user by that user's own.
-- Whose the breaker is; NULL: everybody's.
ALTER TABLE breakers ADD COLUMN user_id TEXT;
-- Whose calls failed, while those are one user's; NULL: nobody's in particular.
ALTER TABLE breakers ADD COLUMN failed_for TEXT;
-- Calls of different users failed, or what no caller can provoke.
ALTER TABLE breakers ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0 CHECK (is_shared IN (0, 1));
