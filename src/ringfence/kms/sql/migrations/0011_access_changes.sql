-- What members changed of who may use an account, sealed under the standing key, until the API has it in the store and
-- a day longer. `credential` is the key that it is about, which ends it when it is revoked.
CREATE TABLE access_change (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  record TEXT NOT NULL,
  credential TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  taken_ms INTEGER NOT NULL DEFAULT 0,
  settled_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX access_change_by_account ON access_change (account, credential);
CREATE INDEX access_change_waiting ON access_change (number) WHERE settled_ms = 0;
CREATE INDEX access_change_settled ON access_change (settled_ms) WHERE settled_ms > 0;
