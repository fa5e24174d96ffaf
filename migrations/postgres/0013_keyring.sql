-- Credentials whose value is in the keyring of the user's machine: the account there. What is sealed is the same account, so a row
-- that is changed does not open. NULL: the value itself is sealed.
ALTER TABLE credentials ADD COLUMN keyring_account TEXT;

-- Accounts of the keyring that no credential names: one that is being written, or is to be removed.
CREATE TABLE keyring_leftovers (
    account TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
