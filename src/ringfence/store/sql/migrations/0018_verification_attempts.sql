-- Attempts to bring a code, a row each: listed and counted by time, service, number and verification.
CREATE TABLE verification_attempt (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  verification TEXT NOT NULL,
  service TEXT NOT NULL,
  to_index BLOB NOT NULL,
  channel TEXT NOT NULL,
  country TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  converted INTEGER NOT NULL,
  refusal INTEGER,
  why TEXT NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

INSERT INTO verification_attempt
SELECT account, json_extract(value, '$[0]'), sid, service, to_index, json_extract(value, '$[1]'), region,
  json_extract(value, '$[2]'), status = 'approved', NULL, ''
FROM verification, json_each(attempts);

CREATE INDEX verification_attempt_made ON verification_attempt (account, at_ms, sid);
CREATE INDEX verification_attempt_service ON verification_attempt (account, service, at_ms, sid);
CREATE INDEX verification_attempt_to ON verification_attempt (account, to_index, at_ms, sid);
CREATE INDEX verification_attempt_of ON verification_attempt (account, verification, at_ms, sid);
