-- A session of a person in a browser. The cookie itself is not kept; the key's private half never left the browser.
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  cookie_sha256 BLOB NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('staff', 'member')),
  person TEXT NOT NULL,
  account TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  verified_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX session_of ON session (kind, person);

-- Signatures that were taken, for as long as their time would let them be taken again.
CREATE TABLE used_nonce (
  session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  nonce TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (session, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonce_until ON used_nonce (until_ms);

-- Passkeys of staff and of members: what is kept of each is public.
CREATE TABLE passkey (
  credential_id BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('staff', 'member')),
  person TEXT NOT NULL,
  account TEXT NOT NULL,
  record TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX passkey_of ON passkey (kind, person);
