-- What staff asked to read, and what became of it. Keys are in the key service.
CREATE TABLE access_grant (
  sid TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  staff TEXT NOT NULL,
  asked_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  record TEXT NOT NULL
) STRICT;

CREATE INDEX access_grant_by_tenant ON access_grant (tenant, sid);
CREATE INDEX access_grant_by_staff ON access_grant (staff, sid);
