-- Where accounts are told what their operator must tell them, and what they were told. Such events go out of frozen
-- accounts too, and are found among all that wait there.
CREATE TABLE notice_address (
  account TEXT NOT NULL PRIMARY KEY,
  standing BLOB NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notice (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  kind TEXT NOT NULL,
  said TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_notice ON event (account, ready_ms) WHERE kind IN ('notice.blast', 'notice.freeze');
