-- How a credential may be used: a restricted key's permissions, from where, and whether it is there to be stolen.
ALTER TABLE account ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN policy TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN canary INTEGER NOT NULL DEFAULT 0;

-- Apart from the credential, so that what is kept of that in memory stays good.
CREATE TABLE credential_use (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  used_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;
