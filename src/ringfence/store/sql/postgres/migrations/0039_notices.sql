-- Where accounts are told what their operator must tell them, and what they were told. Such events go out of frozen
-- accounts too, and are found among all that wait there.
CREATE TABLE notice_address (
  account text NOT NULL PRIMARY KEY,
  standing bytea NOT NULL,
  updated_ms bigint NOT NULL
);

CREATE TABLE notice (
  account text NOT NULL,
  sid text NOT NULL,
  kind text NOT NULL,
  said text NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

CREATE INDEX event_notice ON event (account, ready_ms) WHERE kind IN ('notice.blast', 'notice.freeze');
