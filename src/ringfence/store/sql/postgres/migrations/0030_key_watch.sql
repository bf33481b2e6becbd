-- From which networks a key was used, and what is done where it shows itself where it should not.
ALTER TABLE credential ADD COLUMN watched boolean NOT NULL DEFAULT false;
ALTER TABLE credential ADD COLUMN reaction text NOT NULL DEFAULT 'alarm';
ALTER TABLE credential_use ADD COLUMN networks text NOT NULL DEFAULT '';
