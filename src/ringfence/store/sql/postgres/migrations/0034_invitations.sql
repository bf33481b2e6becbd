-- Accounts that somebody outside may make, once each. Of a link's secret there is only the SHA-256.
CREATE TABLE invitation (
  digest bytea NOT NULL PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  created_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  taken_ms bigint NOT NULL,
  account text COLLATE "C" NOT NULL
);
