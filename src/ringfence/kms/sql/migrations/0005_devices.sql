-- Public keys of devices that answer push challenges, and enrolment tokens that were used, until they would have ended.
CREATE TABLE device_key (
  account TEXT NOT NULL,
  factor TEXT NOT NULL,
  service TEXT NOT NULL,
  public BLOB NOT NULL,
  PRIMARY KEY (account, factor)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_used (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  expires_s INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_used_by_expiry ON enrolment_used (expires_s);
