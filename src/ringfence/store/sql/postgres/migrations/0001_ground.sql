-- Text is compared byte by byte, whatever the server's locale: lists and locks follow that order.

-- A text. `id` is the order of acceptance. `place_ms` is when it may go, and its place in the sender queue while it
-- stands there; `final` tells that its status is.
CREATE TABLE message (
  id bigint GENERATED ALWAYS AS IDENTITY,
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  direction text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  local text COLLATE "C" NOT NULL,
  remote_index bytea NOT NULL,
  remote_region text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  num_segments bigint NOT NULL,
  num_media bigint NOT NULL,
  messaging_service_sid text COLLATE "C",
  error_code bigint,
  price_micros bigint,
  price_unit text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  sent_ms bigint,
  due_ms bigint NOT NULL,
  valid_until_ms bigint,
  sequence bigint NOT NULL,
  carrier text COLLATE "C" NOT NULL,
  carrier_ref text COLLATE "C",
  has_callback boolean NOT NULL,
  body_redacted boolean NOT NULL,
  place_ms bigint,
  final boolean NOT NULL,
  PRIMARY KEY (account, sid)
);

CREATE INDEX message_created ON message (account, created_ms, sid);
CREATE INDEX message_local ON message (account, local, created_ms, sid);
CREATE INDEX message_remote ON message (account, remote_index);

-- What is still to be sent, in order.
CREATE INDEX message_queued ON message (account, local, carrier, place_ms, id) WHERE place_ms IS NOT NULL;

-- What is not final yet: an epoch is closed when it has none of these.
CREATE INDEX message_open ON message (account, epoch, sid) WHERE NOT final;

-- A receipt names its message by the carrier's reference alone.
CREATE INDEX message_carrier_ref ON message (carrier, carrier_ref, created_ms, sid) WHERE carrier_ref IS NOT NULL;

-- When a sender has something to send. `next_ms` is never later than its first due message; NULL when it was seen
-- empty. Who accepts holds a row shared until its commit, so that nobody raises `next_ms` past a text he cannot see.
CREATE TABLE sender_queue (
  account text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  carrier text COLLATE "C" NOT NULL,
  next_ms bigint,
  PRIMARY KEY (account, sender, carrier)
);

CREATE INDEX sender_queue_next ON sender_queue (carrier, next_ms) WHERE next_ms IS NOT NULL;

-- Who sends for a number. Apart from `sender_queue`, so that acceptances and acknowledgements do not meet.
CREATE TABLE sender_lease (
  account text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  carrier text COLLATE "C" NOT NULL,
  owner text COLLATE "C",
  fence bigint NOT NULL,
  until_ms bigint NOT NULL,
  PRIMARY KEY (account, sender, carrier)
);

CREATE TABLE medium (
  account text COLLATE "C" NOT NULL,
  message_sid text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  content_type text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  created_ms bigint NOT NULL,
  PRIMARY KEY (account, message_sid, sid)
);

CREATE TABLE opt_out (
  account text COLLATE "C" NOT NULL,
  pair bytea NOT NULL,
  opted_out boolean NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, pair)
);

CREATE TABLE rated (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  price_micros bigint NOT NULL,
  price_unit text COLLATE "C" NOT NULL,
  segments bigint NOT NULL,
  status text COLLATE "C" NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

-- What a tenant is to be told. `ready_ms` is set on the earliest pending event of a message alone, so that those
-- behind it cost nothing: the later of `due_ms` and `leased_ms`. Who changes which event that is holds the message's
-- row.
CREATE TABLE event (
  id bigint GENERATED ALWAYS AS IDENTITY,
  account text COLLATE "C" NOT NULL,
  message_sid text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  at_ms bigint NOT NULL,
  due_ms bigint NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  state text COLLATE "C" NOT NULL DEFAULT 'pending',
  error_code bigint,
  raw text COLLATE "C" NOT NULL,
  owner text COLLATE "C",
  leased_ms bigint NOT NULL DEFAULT 0,
  ready_ms bigint,
  PRIMARY KEY (account, id)
);

CREATE INDEX event_message ON event (account, message_sid, id);
CREATE INDEX event_ready ON event (ready_ms, id) WHERE ready_ms IS NOT NULL;
CREATE INDEX event_pending ON event (account, message_sid, id) WHERE state = 'pending';
CREATE INDEX event_dead ON event (account, id) WHERE state = 'dead';

CREATE TABLE attempt (
  id bigint GENERATED ALWAYS AS IDENTITY,
  account text COLLATE "C" NOT NULL,
  message_sid text COLLATE "C" NOT NULL,
  event_id bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  due_ms bigint NOT NULL,
  http_status bigint,
  error_code bigint,
  duration_ms bigint NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, id)
);

CREATE INDEX attempt_message ON attempt (account, message_sid, id);

CREATE TABLE account (
  sid text COLLATE "C" NOT NULL PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  parent text COLLATE "C",
  friendly_name text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL
);

CREATE INDEX account_tenant ON account (tenant, created_ms, sid);
CREATE INDEX account_top ON account (created_ms, sid) WHERE parent IS NULL;

-- Signing in names a credential by its sid alone.
CREATE TABLE credential (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL UNIQUE,
  kind text COLLATE "C" NOT NULL,
  verifier bytea NOT NULL,
  hmac_states bytea NOT NULL,
  friendly_name text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

-- An arriving text names its number alone.
CREATE TABLE number (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  number text COLLATE "C" NOT NULL UNIQUE,
  friendly_name text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  region text COLLATE "C" NOT NULL,
  capabilities text COLLATE "C" NOT NULL,
  standing bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, sid)
);

-- The operator's inventory belongs to no account.
CREATE TABLE stock (
  number text COLLATE "C" NOT NULL PRIMARY KEY,
  region text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  locality text COLLATE "C" NOT NULL,
  area text COLLATE "C" NOT NULL,
  postal_code text COLLATE "C" NOT NULL,
  capabilities text COLLATE "C" NOT NULL
);

CREATE INDEX stock_kind ON stock (region, kind, number);
