-- What a minute of a call was said to cost when it began: what a live call costs so far is worked out with it.
ALTER TABLE call ADD COLUMN rate_micros bigint NOT NULL DEFAULT 0;

-- What calls that ended within a minute cost.
CREATE TABLE call_spend (
  account text COLLATE "C" NOT NULL,
  minute_ms bigint NOT NULL,
  micros bigint NOT NULL,
  PRIMARY KEY (account, minute_ms)
);

-- When an account called a region for the first time.
CREATE TABLE call_destination (
  account text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  first_ms bigint NOT NULL,
  PRIMARY KEY (account, region)
);

-- What an account allows its own calls: no secret, so in the clear.
CREATE TABLE voice_settings (
  account text COLLATE "C" NOT NULL PRIMARY KEY,
  settings text COLLATE "C" NOT NULL
);

-- Applications: what numbers and calls refer to for what they do, sealed.
CREATE TABLE application (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  friendly_name text COLLATE "C" NOT NULL,
  standing bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

CREATE INDEX application_created ON application (account, created_ms, sid);
