-- What webhooks of Verify are told of factors and challenges: a row for each webhook, with an event of its sid.
CREATE TABLE telling (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  service TEXT NOT NULL,
  webhook TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX telling_subject ON telling (account, subject, sid);
