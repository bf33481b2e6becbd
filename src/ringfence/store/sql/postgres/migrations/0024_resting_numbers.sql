-- Numbers that somebody gave up, and until when nobody else gets them.
CREATE TABLE resting_number (
  number text COLLATE "C" NOT NULL PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  until_ms bigint NOT NULL
);
