-- What a member of staff asks for, until another confirms it. `stands` is how its target stood when it was asked.
DROP TABLE thaw_request;

CREATE TABLE act_request (
  id TEXT PRIMARY KEY,
  act TEXT NOT NULL,
  target TEXT NOT NULL,
  value TEXT NOT NULL,
  reason TEXT NOT NULL,
  stands TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  session TEXT NOT NULL,
  asked_ms INTEGER NOT NULL
) STRICT;

-- What an account's members are told that two of staff did.
CREATE TABLE act_notice (
  account TEXT NOT NULL,
  act TEXT NOT NULL,
  value TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  confirmed_by TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX act_notice_of ON act_notice (account, at_ms);
