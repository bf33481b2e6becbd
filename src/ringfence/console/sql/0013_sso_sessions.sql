-- Sessions that came by a provider, so that it can end them. `sid` is its own name for the session, '' where it gave none.
CREATE TABLE sso_session (
  session TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
  account TEXT NOT NULL,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  sid TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sso_session_of ON sso_session (issuer, client_id);
