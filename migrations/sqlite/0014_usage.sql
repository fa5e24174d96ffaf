-- Tokens that a conversation took outside of its runs, as JSON: for its title, and for plans that were made without executing.
ALTER TABLE conversations ADD COLUMN usage TEXT NOT NULL DEFAULT '{}';
