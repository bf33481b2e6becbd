-- A box for each secret of the key service under which an epoch's retained key was made: a restart within the hour makes another.
CREATE TABLE duty_box_of_secret (
  account TEXT NOT NULL,
  duty INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  secret_id BLOB NOT NULL,
  until_ms INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, duty, epoch, secret_id)
) STRICT, WITHOUT ROWID;
INSERT INTO duty_box_of_secret SELECT account, duty, epoch, x'', until_ms, sealed FROM duty_box;
DROP TABLE duty_box;
ALTER TABLE duty_box_of_secret RENAME TO duty_box;
CREATE INDEX duty_box_by_time ON duty_box (until_ms);
