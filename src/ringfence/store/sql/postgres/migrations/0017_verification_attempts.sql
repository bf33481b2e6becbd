-- Attempts to bring a code, a row each: listed and counted by time, service, number and verification.
CREATE TABLE verification_attempt (
  account text NOT NULL,
  sid text NOT NULL,
  verification text NOT NULL,
  service text NOT NULL,
  to_index bytea NOT NULL,
  channel text NOT NULL,
  country text NOT NULL,
  at_ms bigint NOT NULL,
  converted boolean NOT NULL,
  refusal bigint,
  why text NOT NULL,
  PRIMARY KEY (account, sid)
);

INSERT INTO verification_attempt
SELECT account, one ->> 0, sid, service, to_index, one ->> 1, region, (one ->> 2)::bigint, status = 'approved', NULL, ''
FROM verification, json_array_elements(attempts::json) AS one;

CREATE INDEX verification_attempt_made ON verification_attempt (account, at_ms, sid);
CREATE INDEX verification_attempt_service ON verification_attempt (account, service, at_ms, sid);
CREATE INDEX verification_attempt_to ON verification_attempt (account, to_index, at_ms, sid);
CREATE INDEX verification_attempt_of ON verification_attempt (account, verification, at_ms, sid);
