-- SIP Domains, the lists that admit to them, and which list admits to which domain.
CREATE TABLE sip_access (
  account text NOT NULL,
  kind text NOT NULL,
  parent text NOT NULL,
  sid text NOT NULL,
  name text NOT NULL,
  shown text NOT NULL,
  friendly_name text NOT NULL,
  secure boolean NOT NULL,
  registration boolean NOT NULL,
  emergency boolean NOT NULL,
  standing bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, kind, parent, sid)
);

CREATE INDEX sip_access_created ON sip_access (account, kind, parent, created_ms, sid);

-- A domain's name is one of the whole installation; a username one of its list.
CREATE UNIQUE INDEX sip_domain_name ON sip_access (name) WHERE kind = 'domain';
CREATE UNIQUE INDEX sip_credential_name ON sip_access (account, parent, name) WHERE kind = 'credential';
