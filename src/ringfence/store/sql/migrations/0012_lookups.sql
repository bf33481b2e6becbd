-- What an account says a number's line type is. Which number it is, only its tenant can tell: a blind index names it.
CREATE TABLE lookup_override (
  account TEXT NOT NULL,
  tag BLOB NOT NULL,
  line_type TEXT NOT NULL,
  original_type TEXT NOT NULL,
  standing BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, tag)
) STRICT, WITHOUT ROWID;

-- How many lookups of a field an account allows itself.
CREATE TABLE lookup_rule (
  account TEXT NOT NULL,
  field TEXT NOT NULL,
  bucket TEXT NOT NULL,
  max_uses INTEGER NOT NULL,
  ttl_s INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account, field, bucket)
) STRICT, WITHOUT ROWID;

-- How many there were in the rule's span that began then: of the account, or of one number.
CREATE TABLE lookup_use (
  account TEXT NOT NULL,
  field TEXT NOT NULL,
  bucket TEXT NOT NULL,
  tag BLOB NOT NULL,
  began_ms INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (account, field, bucket, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX lookup_use_began ON lookup_use (account, field, bucket, began_ms);
