-- Keys that an approver's browser sealed for one session of staff. A grant that ended keeps its row for a day after its
-- expiry, without keys: it cannot be kept twice.
CREATE TABLE kept_grant (
  sid TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  staff TEXT NOT NULL,
  session TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0,
  lid BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_grant_by_expiry ON kept_grant (expires_ms);

CREATE TABLE grant_box (
  sid TEXT NOT NULL,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (sid, name)
) STRICT, WITHOUT ROWID;
