-- A text. `id` is the order of acceptance. `place_ms` is when it may go, and its place in the sender queue while it
-- stands there; `final` is 1 when its status is.
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  direction TEXT NOT NULL,
  status TEXT NOT NULL,
  local TEXT NOT NULL,
  remote_index BLOB NOT NULL,
  remote_region TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  num_segments INTEGER NOT NULL,
  num_media INTEGER NOT NULL,
  messaging_service_sid TEXT,
  error_code INTEGER,
  price_micros INTEGER,
  price_unit TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  sent_ms INTEGER,
  due_ms INTEGER NOT NULL,
  valid_until_ms INTEGER,
  sequence INTEGER NOT NULL,
  carrier TEXT NOT NULL,
  carrier_ref TEXT,
  has_callback INTEGER NOT NULL,
  body_redacted INTEGER NOT NULL,
  place_ms INTEGER,
  final INTEGER NOT NULL,
  UNIQUE (account, sid)
) STRICT;

CREATE INDEX message_created ON message (account, created_ms, sid);
CREATE INDEX message_remote ON message (account, remote_index);

-- What is still to be sent, in order, and what is sent but not final (`place_ms` NULL).
CREATE INDEX message_open ON message (account, local, carrier, place_ms, id, epoch, sid) WHERE final = 0;

-- A receipt names its message by the carrier's reference alone.
CREATE INDEX message_carrier_ref ON message (carrier, carrier_ref, created_ms, sid) WHERE carrier_ref IS NOT NULL;

-- Who sends for a number. `next_ms` is never later than the first due message; NULL when the queue was seen empty.
CREATE TABLE sender_queue (
  account TEXT NOT NULL,
  sender TEXT NOT NULL,
  carrier TEXT NOT NULL,
  owner TEXT,
  fence INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  next_ms INTEGER,
  PRIMARY KEY (account, sender, carrier)
) STRICT, WITHOUT ROWID;

CREATE INDEX sender_queue_next ON sender_queue (carrier, next_ms) WHERE next_ms IS NOT NULL;

CREATE TABLE medium (
  account TEXT NOT NULL,
  message_sid TEXT NOT NULL,
  sid TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  UNIQUE (account, message_sid, sid)
) STRICT;

CREATE TABLE opt_out (
  account TEXT NOT NULL,
  pair BLOB NOT NULL,
  opted_out INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, pair)
) STRICT, WITHOUT ROWID;

CREATE TABLE rated (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  price_micros INTEGER NOT NULL,
  price_unit TEXT NOT NULL,
  segments INTEGER NOT NULL,
  status TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

-- What a tenant is to be told. `ready_ms` is set on the earliest pending event of a message alone, so that those
-- behind it cost nothing: the later of `due_ms` and `leased_ms`. AUTOINCREMENT: an erased event's id never comes back.
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  message_sid TEXT NOT NULL,
  kind TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'pending',
  error_code INTEGER,
  raw TEXT NOT NULL,
  owner TEXT,
  leased_ms INTEGER NOT NULL DEFAULT 0,
  ready_ms INTEGER
) STRICT;

CREATE INDEX event_message ON event (account, message_sid, id);
CREATE INDEX event_ready ON event (ready_ms, id) WHERE ready_ms IS NOT NULL;
CREATE INDEX event_pending ON event (account, message_sid) WHERE state = 'pending';
CREATE INDEX event_dead ON event (account, id) WHERE state = 'dead';

CREATE TABLE attempt (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  message_sid TEXT NOT NULL,
  event_id INTEGER NOT NULL,
  state TEXT NOT NULL,
  due_ms INTEGER NOT NULL,
  http_status INTEGER,
  error_code INTEGER,
  duration_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX attempt_message ON attempt (account, message_sid, id);

CREATE TABLE account (
  sid TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  parent TEXT,
  friendly_name TEXT NOT NULL,
  status TEXT NOT NULL,
  type TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_tenant ON account (tenant, created_ms, sid);
CREATE INDEX account_top ON account (created_ms, sid) WHERE parent IS NULL;

-- Signing in names a credential by its sid alone.
CREATE TABLE credential (
  account TEXT NOT NULL,
  sid TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  verifier BLOB NOT NULL,
  hmac_states BLOB NOT NULL,
  friendly_name TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

-- An arriving text names its number alone.
CREATE TABLE number (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  number TEXT NOT NULL UNIQUE,
  friendly_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  region TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  standing BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

-- The operator's inventory belongs to no account.
CREATE TABLE stock (
  number TEXT NOT NULL PRIMARY KEY,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  locality TEXT NOT NULL,
  area TEXT NOT NULL,
  postal_code TEXT NOT NULL,
  capabilities TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX stock_kind ON stock (region, kind, number);
