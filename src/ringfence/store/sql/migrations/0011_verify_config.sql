-- Verify's services and what belongs to them.
CREATE TABLE verify_config (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent TEXT NOT NULL,
  sid TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  standing BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, kind, parent, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX verify_config_created ON verify_config (account, kind, parent, created_ms, sid);
CREATE INDEX verify_config_sid ON verify_config (account, sid);

-- A name is one of its siblings'.
CREATE UNIQUE INDEX verify_config_name ON verify_config (account, kind, parent, name) WHERE name <> '';
