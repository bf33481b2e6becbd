-- Which generation of the standing key a secret is sealed under: a former key stays while there is one of its own.
ALTER TABLE totp_secret ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
