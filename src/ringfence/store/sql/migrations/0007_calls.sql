-- A call. It is live until its status is final; who runs it is its `owner` until then.
CREATE TABLE call (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  parent_sid TEXT,
  direction TEXT NOT NULL,
  status TEXT NOT NULL,
  local TEXT NOT NULL,
  remote_index BLOB NOT NULL,
  remote_region TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  content BLOB NOT NULL,
  phone_number_sid TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ringing_ms INTEGER,
  answered_ms INTEGER,
  ended_ms INTEGER,
  price_micros INTEGER,
  price_unit TEXT NOT NULL,
  sip_status INTEGER,
  error_code INTEGER,
  route TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  owner TEXT NOT NULL,
  UNIQUE (account, sid)
) STRICT;

CREATE INDEX call_created ON call (account, created_ms, sid);
CREATE INDEX call_local ON call (account, local, created_ms, sid);
CREATE INDEX call_remote ON call (account, remote_index);
CREATE INDEX call_parent ON call (account, parent_sid, created_ms, sid) WHERE parent_sid IS NOT NULL;
CREATE INDEX call_live ON call (account, status, epoch, sid) WHERE status IN ('queued', 'ringing', 'in-progress');

-- Calls that wait for a voice process, and those that one runs.
CREATE INDEX call_waiting ON call (account, created_ms, sid)
WHERE status = 'queued' AND direction = 'outbound-api' AND owner = '';
CREATE INDEX call_owned ON call (owner, created_ms, sid) WHERE owner <> '';

-- Until when a voice process said that it runs its calls. It belongs to no account.
CREATE TABLE call_owner (
  owner TEXT NOT NULL PRIMARY KEY,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What tenants want of live calls. AUTOINCREMENT: it is the order of arrival.
CREATE TABLE call_order (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  call_sid TEXT NOT NULL,
  kind TEXT NOT NULL,
  argument TEXT NOT NULL,
  content BLOB NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX call_order_call ON call_order (account, call_sid, id);

CREATE TABLE call_step (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  call_sid TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  code INTEGER,
  detail BLOB NOT NULL
) STRICT;

CREATE INDEX call_step_call ON call_step (account, call_sid, at_ms, id);

CREATE TABLE recording (
  account TEXT NOT NULL,
  sid TEXT NOT NULL,
  call_sid TEXT NOT NULL,
  status TEXT NOT NULL,
  channels INTEGER NOT NULL,
  source TEXT NOT NULL,
  track TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  duration_ms INTEGER,
  error_code INTEGER,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (account, sid)
) STRICT, WITHOUT ROWID;

CREATE INDEX recording_created ON recording (account, created_ms, sid);
CREATE INDEX recording_call ON recording (account, call_sid, created_ms, sid);
CREATE INDEX recording_open ON recording (account, epoch, sid) WHERE status NOT IN ('completed', 'absent', 'deleted');
