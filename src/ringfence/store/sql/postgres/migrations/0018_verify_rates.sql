-- How often codes were started in each window of a bucket. A value is kept as its blind index alone.
CREATE TABLE verify_rate (
  account text NOT NULL,
  bucket text NOT NULL,
  value_index bytea NOT NULL,
  began_ms bigint NOT NULL,
  until_ms bigint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (account, bucket, value_index)
);

CREATE INDEX verify_rate_end ON verify_rate (until_ms);
