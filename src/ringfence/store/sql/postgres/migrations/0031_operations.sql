-- How an installation runs. `remote_prefix` is calling code and operator's prefix: at least six digits of a number lack.
ALTER TABLE message ADD COLUMN remote_prefix text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE call ADD COLUMN remote_prefix text COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE carrier_state (
  name text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  up boolean NOT NULL,
  since_ms bigint NOT NULL,
  told_ms bigint NOT NULL,
  figures text NOT NULL,
  PRIMARY KEY (name, owner)
);

CREATE TABLE incident (
  sid text COLLATE "C" PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  what text COLLATE "C" NOT NULL,
  began_ms bigint NOT NULL,
  ended_ms bigint,
  acknowledged_by text NOT NULL,
  acknowledged_ms bigint
);

CREATE UNIQUE INDEX incident_going_on ON incident (kind, what) WHERE ended_ms IS NULL;

CREATE TABLE allowed_rate (
  kind text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  rate_mps double precision NOT NULL,
  at_ms bigint NOT NULL,
  PRIMARY KEY (kind, name)
);
