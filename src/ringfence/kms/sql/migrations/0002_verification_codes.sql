-- Codes that may be checked. A code itself is derived; `custom` holds a program's own, sealed under the day's key.
CREATE TABLE verification_code (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  key_day INTEGER NOT NULL,
  length INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  checks INTEGER NOT NULL DEFAULT 0,
  custom BLOB,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX verification_code_by_expiry ON verification_code (expires_ms);
