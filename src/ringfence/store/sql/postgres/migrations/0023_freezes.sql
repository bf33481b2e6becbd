-- What an operator has stopped for now.
CREATE TABLE frozen (
  kind text NOT NULL,
  name text NOT NULL,
  was text NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (kind, name)
);
