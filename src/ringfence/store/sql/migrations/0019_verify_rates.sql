-- How often codes were started in each window of a bucket. A value is kept as its blind index alone.
CREATE TABLE verify_rate (
  account TEXT NOT NULL,
  bucket TEXT NOT NULL,
  value_index BLOB NOT NULL,
  began_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (account, bucket, value_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX verify_rate_end ON verify_rate (until_ms);
