-- Messaging Services: their settings, what of them is no secret in the clear.
CREATE TABLE messaging_service (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  friendly_name TEXT NOT NULL,
  sticky_sender INTEGER NOT NULL,
  smart_encoding INTEGER NOT NULL,
  area_code_geomatch INTEGER NOT NULL,
  validity_period_s INTEGER NOT NULL,
  use_inbound_webhook_on_number INTEGER NOT NULL,
  has_status_callback INTEGER NOT NULL,
  standing BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX messaging_service_created ON messaging_service (account, created_ms, sid);

-- A number is in one pool at most.
CREATE TABLE pool_number (
  account TEXT NOT NULL,
  number_sid TEXT NOT NULL,
  service_sid TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (account, number_sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX pool_number_service ON pool_number (account, service_sid, created_ms, number_sid);

-- From which number a service texts whom; `recipient` is a blind index.
CREATE TABLE sticky_sender (
  account TEXT NOT NULL,
  service_sid TEXT NOT NULL,
  recipient BLOB NOT NULL,
  number_sid TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (account, service_sid, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX sticky_sender_number ON sticky_sender (account, number_sid);
