-- How a credential may be used: a restricted key's permissions, from where, and whether it is there to be stolen.
ALTER TABLE account ADD COLUMN networks text NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN policy text NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN networks text NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN canary boolean NOT NULL DEFAULT false;

-- Apart from the credential, so that what is kept of that in memory stays good.
CREATE TABLE credential_use (
  account text NOT NULL,
  sid text NOT NULL,
  used_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);
