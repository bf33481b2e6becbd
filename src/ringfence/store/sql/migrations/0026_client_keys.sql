-- Public keys that an account's clients sign requests with, and whether they must.
ALTER TABLE account ADD COLUMN client_keys TEXT NOT NULL DEFAULT '';
