-- The message that a newer version stands for.
ALTER TABLE messages ADD COLUMN replaces TEXT;
