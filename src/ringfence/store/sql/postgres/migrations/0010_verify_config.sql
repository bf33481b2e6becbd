-- Verify's services and what belongs to them.
CREATE TABLE verify_config (
  account text NOT NULL,
  kind text NOT NULL,
  parent text NOT NULL,
  sid text NOT NULL,
  name text NOT NULL,
  settings text NOT NULL,
  standing bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, kind, parent, sid)
);

CREATE INDEX verify_config_created ON verify_config (account, kind, parent, created_ms, sid);
CREATE INDEX verify_config_sid ON verify_config (account, sid);

-- A name is one of its siblings'.
CREATE UNIQUE INDEX verify_config_name ON verify_config (account, kind, parent, name) WHERE name <> '';
