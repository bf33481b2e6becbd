-- Blocks of numbers that codes went to, and how many came back from there. A name holds no subscriber's digits.
CREATE TABLE fraud_block (
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  unanswered REAL NOT NULL,
  converted REAL NOT NULL,
  hot_until_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX fraud_block_age ON fraud_block (at_ms);
