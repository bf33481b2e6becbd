-- What a minute of a call was said to cost when it began: what a live call costs so far is worked out with it.
ALTER TABLE call ADD COLUMN rate_micros INTEGER NOT NULL DEFAULT 0;

-- What calls that ended within a minute cost.
CREATE TABLE call_spend (
  account TEXT NOT NULL,
  minute_ms INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (account, minute_ms)
) STRICT, WITHOUT ROWID;

-- When an account called a region for the first time.
CREATE TABLE call_destination (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  first_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region)
) STRICT, WITHOUT ROWID;

-- What an account allows its own calls: no secret, so in the clear.
CREATE TABLE voice_settings (
  account TEXT NOT NULL PRIMARY KEY,
  settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Applications: what numbers and calls refer to for what they do, sealed.
CREATE TABLE application (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  friendly_name TEXT NOT NULL,
  standing BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX application_created ON application (account, created_ms, sid);
