-- Verifications. Their codes are the key service's.
CREATE TABLE verification (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  service TEXT NOT NULL,
  to_index BLOB NOT NULL,
  channel TEXT NOT NULL,
  status TEXT NOT NULL,
  region TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  attempts TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  held INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

-- At most one holds a number for a service: pending, or with all its checks used up.
CREATE UNIQUE INDEX verification_held ON verification (account, service, to_index) WHERE held = 1;
