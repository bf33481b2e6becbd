-- Nothing here opens without a tenant's secret (slot, epoch, index_key, bundle) or a key file (delivery_*, residue).
CREATE TABLE account (
  account TEXT NOT NULL PRIMARY KEY,
  parent TEXT,
  generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_by_parent ON account (parent) WHERE parent IS NOT NULL;

CREATE TABLE content_key (
  account TEXT NOT NULL,
  generation INTEGER NOT NULL,
  public BLOB NOT NULL,
  PRIMARY KEY (account, generation)
) STRICT, WITHOUT ROWID;

-- A content key sealed to a slot, one row for each generation. While a secret is being rotated its credential has two
-- slots: the new one, of the later turn, ends the other when it is first used.
CREATE TABLE slot (
  account TEXT NOT NULL,
  credential TEXT NOT NULL,
  turn INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  public BLOB NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, credential, turn, generation)
) STRICT, WITHOUT ROWID;

-- A subaccount's content key sealed to one of its parent's.
CREATE TABLE parent_copy (
  account TEXT NOT NULL,
  generation INTEGER NOT NULL,
  parent_generation INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch (
  account TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  records INTEGER NOT NULL DEFAULT 0,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_key (
  account TEXT NOT NULL,
  day INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;

-- Many closed epoch or index keys of one generation under one seal; made anew from the two tables above when lost.
CREATE TABLE bundle (
  account TEXT NOT NULL,
  generation INTEGER NOT NULL,
  kind TEXT NOT NULL,
  span INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, generation, kind, span)
) STRICT, WITHOUT ROWID;

-- The dispatcher's copies; key_day says which day key they are sealed to.
CREATE TABLE delivery_epoch (
  account TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  key_day INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_epoch_by_epoch ON delivery_epoch (epoch);
CREATE INDEX delivery_epoch_by_key_day ON delivery_epoch (key_day);

CREATE TABLE delivery_index (
  account TEXT NOT NULL,
  day INTEGER NOT NULL,
  key_day INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_index_by_day ON delivery_index (day);
CREATE INDEX delivery_index_by_key_day ON delivery_index (key_day);

CREATE TABLE residue (
  account TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  sid TEXT NOT NULL,
  scheduled INTEGER NOT NULL,
  key_day INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (account, epoch, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX residue_by_key_day ON residue (key_day);
CREATE INDEX residue_by_age ON residue (epoch) WHERE scheduled = 0;
