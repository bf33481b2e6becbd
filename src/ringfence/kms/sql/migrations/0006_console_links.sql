-- Slots of links to the console: until when one may be used, and whether what it opens was handed out.
CREATE TABLE console_link (
  account TEXT NOT NULL,
  credential TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  handed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, credential)
) STRICT, WITHOUT ROWID;
CREATE INDEX console_link_by_until ON console_link (until_ms);
