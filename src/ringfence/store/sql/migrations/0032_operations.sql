-- How an installation runs. `remote_prefix` is calling code and operator's prefix: at least six digits of a number lack.
ALTER TABLE message ADD COLUMN remote_prefix TEXT NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN remote_prefix TEXT NOT NULL DEFAULT '';

CREATE TABLE carrier_state (
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL,
  up INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  told_ms INTEGER NOT NULL,
  figures TEXT NOT NULL,
  PRIMARY KEY (name, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
  sid TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  what TEXT NOT NULL,
  began_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  acknowledged_by TEXT NOT NULL,
  acknowledged_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX incident_going_on ON incident (kind, what) WHERE ended_ms IS NULL;

CREATE TABLE allowed_rate (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  rate_mps REAL NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
