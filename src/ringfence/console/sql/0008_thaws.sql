-- What a member of staff asks to let go on, until another confirms it. `frozen_ms` is when that freeze began.
CREATE TABLE thaw_request (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  session TEXT NOT NULL,
  asked_ms INTEGER NOT NULL,
  frozen_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT;
