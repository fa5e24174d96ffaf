-- What guests may do with the owner's credentials, yeses that can be taken back, and the prompts that runs had.

ALTER TABLE conversations ADD COLUMN guest_credentials TEXT NOT NULL DEFAULT 'approve';

-- `max_major`: the highest major version of the tool that a lasting yes holds for; none for all.
ALTER TABLE approval_rules ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE approval_rules ADD COLUMN max_major BIGINT;
UPDATE approval_rules SET id = gen_random_uuid()::TEXT;
CREATE UNIQUE INDEX approval_rules_id ON approval_rules (id);
-- A first use is kept as a grant, and what may have taken effect is asked about each time.
DELETE FROM approval_rules WHERE reason IN ('first_use', 'unknown_outcome');

-- `user_id` is empty for a default prompt; the others are for their user's eyes.
CREATE TABLE prompts (
    version TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (version, user_id)
);
