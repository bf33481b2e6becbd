-- Accounts that somebody outside may make, once each. Of a link's secret there is only the SHA-256.
CREATE TABLE invitation (
  digest BLOB NOT NULL PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  taken_ms INTEGER NOT NULL,
  account TEXT NOT NULL
) STRICT, WITHOUT ROWID;
