-- Messaging Services: their settings, what of them is no secret in the clear.
CREATE TABLE messaging_service (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  friendly_name text COLLATE "C" NOT NULL,
  sticky_sender boolean NOT NULL,
  smart_encoding boolean NOT NULL,
  area_code_geomatch boolean NOT NULL,
  validity_period_s bigint NOT NULL,
  use_inbound_webhook_on_number boolean NOT NULL,
  has_status_callback boolean NOT NULL,
  standing bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

CREATE INDEX messaging_service_created ON messaging_service (account, created_ms, sid);

-- A number is in one pool at most.
CREATE TABLE pool_number (
  account text COLLATE "C" NOT NULL,
  number_sid text COLLATE "C" NOT NULL,
  service_sid text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  PRIMARY KEY (account, number_sid)
);

CREATE INDEX pool_number_service ON pool_number (account, service_sid, created_ms, number_sid);

-- From which number a service texts whom; `recipient` is a blind index.
CREATE TABLE sticky_sender (
  account text COLLATE "C" NOT NULL,
  service_sid text COLLATE "C" NOT NULL,
  recipient bytea NOT NULL,
  number_sid text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  PRIMARY KEY (account, service_sid, recipient)
);

CREATE INDEX sticky_sender_number ON sticky_sender (account, number_sid);
