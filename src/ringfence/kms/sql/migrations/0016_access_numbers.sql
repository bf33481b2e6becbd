-- The number of what was changed last of who may use an account, by a form or at once: the store tells by it which of
-- two is the newer.
CREATE TABLE access_number (number INTEGER NOT NULL) STRICT;
INSERT INTO access_number SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'access_change';
