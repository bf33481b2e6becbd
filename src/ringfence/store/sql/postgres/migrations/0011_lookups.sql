-- What an account says a number's line type is. Which number it is, only its tenant can tell: a blind index names it.
CREATE TABLE lookup_override (
  account text COLLATE "C" NOT NULL,
  tag bytea NOT NULL,
  line_type text COLLATE "C" NOT NULL,
  original_type text COLLATE "C" NOT NULL,
  standing bytea NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, tag)
);

-- How many lookups of a field an account allows itself.
CREATE TABLE lookup_rule (
  account text COLLATE "C" NOT NULL,
  field text COLLATE "C" NOT NULL,
  bucket text COLLATE "C" NOT NULL,
  max_uses bigint NOT NULL,
  ttl_s bigint NOT NULL,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account, field, bucket)
);

-- How many there were in the rule's span that began then: of the account, or of one number.
CREATE TABLE lookup_use (
  account text COLLATE "C" NOT NULL,
  field text COLLATE "C" NOT NULL,
  bucket text COLLATE "C" NOT NULL,
  tag bytea NOT NULL,
  began_ms bigint NOT NULL,
  used bigint NOT NULL,
  PRIMARY KEY (account, field, bucket, tag)
);

CREATE INDEX lookup_use_began ON lookup_use (account, field, bucket, began_ms);
