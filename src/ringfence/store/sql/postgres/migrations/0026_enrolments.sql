-- Leaves to make a factor, for as long as they are good. Their tokens are nowhere.
CREATE TABLE verify_enrolment (
  account text NOT NULL,
  sid text NOT NULL,
  service text NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  PRIMARY KEY (account, service, sid)
);

CREATE INDEX verify_enrolment_expires ON verify_enrolment (expires_ms);
