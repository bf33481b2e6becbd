-- Compared as credentials are, or no index serves the join with them.
ALTER TABLE credential_use ALTER COLUMN account TYPE text COLLATE "C";
ALTER TABLE credential_use ALTER COLUMN sid TYPE text COLLATE "C";
