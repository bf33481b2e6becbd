-- Declared duties to retain metadata, and the retained keys of epochs, each sealed to its duty.
-- untold: what every tenant's ledger has yet to say of it: declare, end, erase, or nothing.
CREATE TABLE duty (
  number INTEGER PRIMARY KEY,
  declared_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  erased INTEGER NOT NULL DEFAULT 0,
  untold TEXT NOT NULL,
  declaration BLOB NOT NULL
) STRICT;
CREATE TABLE duty_box (
  account TEXT NOT NULL,
  duty INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, duty, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX duty_box_by_time ON duty_box (until_ms);
