-- Whose grants are still to end: the session, member or account has gone here already, the key service was away. Written
-- with what ends them, in one transaction, and forgotten once the key service has done it.
CREATE TABLE grants_to_end (
  session TEXT NOT NULL,
  staff TEXT NOT NULL,
  account TEXT NOT NULL,
  actor TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (session, staff, account)
) STRICT;
