-- Where members of an account may come from: an OpenID provider. `accepted` is JSON: words of acr and amr.
CREATE TABLE sso (
  account TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  accepted TEXT NOT NULL,
  set_ms INTEGER NOT NULL
) STRICT;

-- Who came from there. `member` is '' until an owner lets them in.
CREATE TABLE sso_person (
  account TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  shown TEXT NOT NULL,
  member TEXT NOT NULL,
  asked_ms INTEGER NOT NULL,
  PRIMARY KEY (account, issuer, subject)
) STRICT;
