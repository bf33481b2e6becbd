-- Numbers that somebody gave up, and until when nobody else gets them.
CREATE TABLE resting_number (
  number TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
