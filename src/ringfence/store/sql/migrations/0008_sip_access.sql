-- SIP Domains, the lists that admit to them, and which list admits to which domain.
CREATE TABLE sip_access (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent TEXT NOT NULL,
  sid TEXT NOT NULL,
  name TEXT NOT NULL,
  shown TEXT NOT NULL,
  friendly_name TEXT NOT NULL,
  secure INTEGER NOT NULL,
  registration INTEGER NOT NULL,
  emergency INTEGER NOT NULL,
  standing BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, kind, parent, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX sip_access_created ON sip_access (account, kind, parent, created_ms, sid);

-- A domain's name is one of the whole installation; a username one of its list.
CREATE UNIQUE INDEX sip_domain_name ON sip_access (name) WHERE kind = 'domain';
CREATE UNIQUE INDEX sip_credential_name ON sip_access (account, parent, name) WHERE kind = 'credential';
