-- Who proves themselves to a service, with what, and what they were asked. Secrets that codes come from are the key
-- service's.
CREATE TABLE verify_entity (
  account text NOT NULL,
  sid text NOT NULL,
  service text NOT NULL,
  identity_index bytea NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, service, sid)
);

CREATE UNIQUE INDEX verify_entity_identity ON verify_entity (account, service, identity_index);
CREATE INDEX verify_entity_created ON verify_entity (account, service, created_ms, sid);

CREATE TABLE verify_factor (
  account text NOT NULL,
  sid text NOT NULL,
  service text NOT NULL,
  entity text NOT NULL,
  factor_type text NOT NULL,
  status text NOT NULL,
  credential_index bytea,
  version bigint NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, service, sid)
);

CREATE INDEX verify_factor_created ON verify_factor (account, entity, created_ms, sid);
CREATE UNIQUE INDEX verify_factor_credential ON verify_factor (account, service, credential_index)
  WHERE credential_index IS NOT NULL;

CREATE TABLE verify_challenge (
  account text NOT NULL,
  sid text NOT NULL,
  service text NOT NULL,
  entity text NOT NULL,
  factor text NOT NULL,
  factor_type text NOT NULL,
  status text NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  shown bytea NOT NULL,
  metadata bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  responded_ms bigint,
  expires_ms bigint NOT NULL,
  PRIMARY KEY (account, service, sid)
);

CREATE INDEX verify_challenge_created ON verify_challenge (account, entity, created_ms, sid);
CREATE INDEX verify_challenge_factor ON verify_challenge (account, factor);
CREATE INDEX verify_challenge_denied ON verify_challenge (account, entity, responded_ms) WHERE status = 'denied';
