-- Members who came by a link for an owner where others were: when they may become one, unless an owner refuses.
CREATE TABLE owner_claim (
  member TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  asked_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX owner_claim_of ON owner_claim (account);
