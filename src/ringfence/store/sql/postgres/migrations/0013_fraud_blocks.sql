-- Blocks of numbers that codes went to, and how many came back from there. A name holds no subscriber's digits.
CREATE TABLE fraud_block (
  account text NOT NULL,
  name text NOT NULL,
  unanswered double precision NOT NULL,
  converted double precision NOT NULL,
  hot_until_ms bigint NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, name)
);

CREATE INDEX fraud_block_age ON fraud_block (at_ms);
