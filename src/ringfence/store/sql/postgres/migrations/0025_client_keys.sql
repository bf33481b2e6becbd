-- Public keys that an account's clients sign requests with, and whether they must.
ALTER TABLE account ADD COLUMN client_keys text NOT NULL DEFAULT '';
