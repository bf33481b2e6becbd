-- What a declared duty has kept, each part of a record by itself: it outlives the record, and goes when its time has come.
-- It is read by duty in the order of SIDs, without a look at the rows of other hours; it is erased in the order of time.
CREATE TABLE retained (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  part INTEGER NOT NULL,
  duty INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, sid, part)
) STRICT, WITHOUT ROWID;

CREATE INDEX retained_duty ON retained (account, duty, sid, part, epoch);
CREATE INDEX retained_until ON retained (until_ms, account, sid, part);
