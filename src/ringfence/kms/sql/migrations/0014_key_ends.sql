-- Keys that end by themselves, which their slots do then too.
CREATE TABLE key_end (
  account TEXT NOT NULL,
  credential TEXT NOT NULL,
  ends_ms INTEGER NOT NULL,
  PRIMARY KEY (account, credential)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_end_by_time ON key_end (ends_ms);
