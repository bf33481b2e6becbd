-- What a declared duty has kept, each part of a record by itself: it outlives the record, and goes when its time has come.
-- It is read by duty in the order of SIDs, without a look at the rows of other hours; it is erased in the order of time.
CREATE TABLE retained (
  account text NOT NULL,
  sid text NOT NULL,
  part bigint NOT NULL,
  duty bigint NOT NULL,
  epoch bigint NOT NULL,
  until_ms bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (account, sid, part)
);

CREATE INDEX retained_duty ON retained (account, duty, sid, part, epoch);
CREATE INDEX retained_until ON retained (until_ms, account, sid, part);
