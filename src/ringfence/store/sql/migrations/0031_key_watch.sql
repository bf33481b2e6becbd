-- From which networks a key was used, and what is done where it shows itself where it should not.
ALTER TABLE credential ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credential ADD COLUMN reaction TEXT NOT NULL DEFAULT 'alarm';
ALTER TABLE credential_use ADD COLUMN networks TEXT NOT NULL DEFAULT '';
