-- Verifications. Their codes are the key service's.
CREATE TABLE verification (
  account text NOT NULL,
  sid text NOT NULL,
  service text NOT NULL,
  to_index bytea NOT NULL,
  channel text NOT NULL,
  status text NOT NULL,
  region text NOT NULL,
  epoch bigint NOT NULL,
  content bytea NOT NULL,
  attempts text NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  held bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (account, sid)
);

-- At most one holds a number for a service: pending, or with all its checks used up.
CREATE UNIQUE INDEX verification_held ON verification (account, service, to_index) WHERE held = 1;
