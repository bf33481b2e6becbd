-- Texts and calls by day (UTC, days since 1970), counted as they are made and change; texts, once they
-- left their sender queue. `size` are segments, or seconds.
CREATE TABLE day_count (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  day INTEGER NOT NULL,
  brings_code INTEGER NOT NULL,
  direction TEXT NOT NULL,
  status TEXT NOT NULL,
  unit TEXT NOT NULL,
  number INTEGER NOT NULL,
  size INTEGER NOT NULL,
  spent_micros INTEGER NOT NULL,
  PRIMARY KEY (account, kind, day, brings_code, direction, status, unit)
) STRICT, WITHOUT ROWID;

INSERT INTO day_count (account, kind, day, brings_code, direction, status, unit, number, size, spent_micros)
SELECT account, 'text', created_ms / 86400000, substr(sid, 1, 2) = 'VL', direction, status, price_unit, count(*),
  sum(num_segments), sum(coalesce(price_micros, 0))
FROM message WHERE place_ms IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7;

INSERT INTO day_count (account, kind, day, brings_code, direction, status, unit, number, size, spent_micros)
SELECT account, 'call', created_ms / 86400000, coalesce(substr(parent_sid, 1, 2), '') = 'VE', direction, status,
  price_unit, count(*), sum(max(0, coalesce((ended_ms - answered_ms + 999) / 1000, 0))),
  sum(coalesce(price_micros, 0))
FROM call GROUP BY 1, 2, 3, 4, 5, 6, 7;
