-- What webhooks of Verify are told of factors and challenges: a row for each webhook, with an event of its sid.
CREATE TABLE telling (
  account text NOT NULL,
  sid text NOT NULL,
  service text NOT NULL,
  webhook text NOT NULL,
  subject text NOT NULL,
  kind text NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

CREATE INDEX telling_subject ON telling (account, subject, sid);
