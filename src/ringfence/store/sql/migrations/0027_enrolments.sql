-- Leaves to make a factor, for as long as they are good. Their tokens are nowhere.
CREATE TABLE verify_enrolment (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  service TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (account, service, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX verify_enrolment_expires ON verify_enrolment (expires_ms);
