-- Members of accounts. Those who were removed stay, so that the ledger's entries of them can be read.
CREATE TABLE member (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  handle BLOB NOT NULL UNIQUE,
  let_in_by TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  removed_ms INTEGER
) STRICT;

CREATE INDEX member_of ON member (account, made_ms);
