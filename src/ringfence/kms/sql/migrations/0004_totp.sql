-- Secrets of authenticator apps, sealed under a key derived from the standing key; the last step that was used, how far
-- the app's clock is off, and how often there was a check in this hour.
CREATE TABLE totp_secret (
  account TEXT NOT NULL,
  factor TEXT NOT NULL,
  secret BLOB NOT NULL,
  alg TEXT NOT NULL,
  time_step INTEGER NOT NULL,
  skew INTEGER NOT NULL,
  code_length INTEGER NOT NULL,
  last_step INTEGER NOT NULL,
  drift INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  checks INTEGER NOT NULL,
  PRIMARY KEY (account, factor)
) STRICT, WITHOUT ROWID;

-- How often an attempt was checked. That of a challenge is forgotten when no challenge of that age can be open.
CREATE TABLE totp_attempt (
  account TEXT NOT NULL,
  attempt TEXT NOT NULL,
  factor TEXT NOT NULL,
  checks INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY (account, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX totp_attempt_by_factor ON totp_attempt (account, factor);
CREATE INDEX totp_attempt_by_expiry ON totp_attempt (expires_ms);
