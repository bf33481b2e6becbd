-- What an account's members are told of: somebody opened something of theirs, by the ledger.
CREATE TABLE blast_notice (
  account TEXT NOT NULL,
  who TEXT NOT NULL,
  objects INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  told_ms INTEGER NOT NULL,
  PRIMARY KEY (account, who, first_ms, last_ms)
) STRICT;
