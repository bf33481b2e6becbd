-- Those who were removed stay, so that the ledger's entries of them can be read.
CREATE TABLE staff (
  id TEXT PRIMARY KEY,
  handle BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  active_ms INTEGER NOT NULL,
  invited_by TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  removed_ms INTEGER
) STRICT;

-- A link for one person to enrol with. Of its secret the hash is kept, from when the link works until it was used.
CREATE TABLE invitation (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  secret_sha256 BLOB UNIQUE,
  invited_by TEXT NOT NULL,
  approved_by TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  delay_ms INTEGER NOT NULL
) STRICT;
