-- Why the model stopped: of a message, and of a run's newest step that is whole. NULL: it is not known.
ALTER TABLE messages ADD COLUMN finish_reason TEXT;
ALTER TABLE runs ADD COLUMN finish_reason TEXT;
