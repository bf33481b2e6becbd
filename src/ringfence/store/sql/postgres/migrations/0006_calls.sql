-- A call. It is live until its status is final; who runs it is its `owner` until then.
CREATE TABLE call (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  parent_sid text COLLATE "C",
  direction text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  local text COLLATE "C" NOT NULL,
  remote_index bytea NOT NULL,
  remote_region text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  phone_number_sid text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  ringing_ms bigint,
  answered_ms bigint,
  ended_ms bigint,
  price_micros bigint,
  price_unit text COLLATE "C" NOT NULL,
  sip_status bigint,
  error_code bigint,
  route text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  owner text COLLATE "C" NOT NULL,
  PRIMARY KEY (account, sid)
);

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
  owner text COLLATE "C" NOT NULL PRIMARY KEY,
  until_ms bigint NOT NULL
);

-- What tenants want of live calls. The ids are the order of arrival.
CREATE TABLE call_order (
  account text COLLATE "C" NOT NULL,
  call_sid text COLLATE "C" NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  kind text COLLATE "C" NOT NULL,
  argument text COLLATE "C" NOT NULL,
  content bytea NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (account, call_sid, id)
);

CREATE TABLE call_step (
  account text COLLATE "C" NOT NULL,
  call_sid text COLLATE "C" NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at_ms bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  code bigint,
  detail bytea NOT NULL,
  PRIMARY KEY (account, call_sid, id)
);

CREATE INDEX call_step_call ON call_step (account, call_sid, at_ms, id);

CREATE TABLE recording (
  account text COLLATE "C" NOT NULL,
  sid text COLLATE "C" NOT NULL,
  call_sid text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  channels bigint NOT NULL,
  source text COLLATE "C" NOT NULL,
  track text COLLATE "C" NOT NULL,
  epoch bigint NOT NULL,
  started_ms bigint NOT NULL,
  duration_ms bigint,
  error_code bigint,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (account, sid)
);

CREATE INDEX recording_created ON recording (account, created_ms, sid);
CREATE INDEX recording_call ON recording (account, call_sid, created_ms, sid);
CREATE INDEX recording_open ON recording (account, epoch, sid) WHERE status NOT IN ('completed', 'absent', 'deleted');
