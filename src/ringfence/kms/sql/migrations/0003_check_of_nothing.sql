-- What a check writes where there is no code to count it for: so that it takes as long.
CREATE TABLE check_of_nothing (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  checks INTEGER NOT NULL
) STRICT;
INSERT INTO check_of_nothing VALUES (1, 0);
