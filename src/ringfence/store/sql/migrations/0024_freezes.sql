-- What an operator has stopped for now.
CREATE TABLE frozen (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  was TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
