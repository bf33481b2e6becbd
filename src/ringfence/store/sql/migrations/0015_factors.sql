-- Who proves themselves to a service, with what, and what they were asked. Secrets that codes come from are the key
-- service's.
CREATE TABLE verify_entity (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  service TEXT NOT NULL,
  identity_index BLOB NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, service, sid)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX verify_entity_identity ON verify_entity (account, service, identity_index);
CREATE INDEX verify_entity_created ON verify_entity (account, service, created_ms, sid);

CREATE TABLE verify_factor (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  service TEXT NOT NULL,
  entity TEXT NOT NULL,
  factor_type TEXT NOT NULL,
  status TEXT NOT NULL,
  credential_index BLOB,
  version INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, service, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX verify_factor_created ON verify_factor (account, entity, created_ms, sid);
CREATE UNIQUE INDEX verify_factor_credential ON verify_factor (account, service, credential_index)
  WHERE credential_index IS NOT NULL;

CREATE TABLE verify_challenge (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  service TEXT NOT NULL,
  entity TEXT NOT NULL,
  factor TEXT NOT NULL,
  factor_type TEXT NOT NULL,
  status TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  shown BLOB NOT NULL,
  metadata BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  responded_ms INTEGER,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (account, service, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX verify_challenge_created ON verify_challenge (account, entity, created_ms, sid);
CREATE INDEX verify_challenge_factor ON verify_challenge (account, factor);
CREATE INDEX verify_challenge_denied ON verify_challenge (account, entity, responded_ms) WHERE status = 'denied';
