-- Staff who may not sign in for now.
CREATE TABLE staff_freeze (
  staff TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT;
