-- Texts and calls by day (UTC, days since 1970), counted as they are made and change; texts, once they
-- left their sender queue. `size` are segments, or seconds.
-- `lane` is whose count it is; all of them together are the count.
CREATE TABLE day_count (
  account text NOT NULL,
  kind text NOT NULL,
  day bigint NOT NULL,
  brings_code boolean NOT NULL,
  direction text NOT NULL,
  status text NOT NULL,
  unit text NOT NULL,
  lane integer NOT NULL,
  number bigint NOT NULL,
  size bigint NOT NULL,
  spent_micros bigint NOT NULL,
  PRIMARY KEY (account, kind, day, brings_code, direction, status, unit, lane)
) WITH (fillfactor = 70);

INSERT INTO day_count (account, kind, day, brings_code, direction, status, unit, lane, number, size, spent_micros)
SELECT account, 'text', created_ms / 86400000, substr(sid, 1, 2) = 'VL', direction, status, price_unit, 0, count(*),
  sum(num_segments), sum(coalesce(price_micros, 0))
FROM message WHERE place_ms IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7;

INSERT INTO day_count (account, kind, day, brings_code, direction, status, unit, lane, number, size, spent_micros)
SELECT account, 'call', created_ms / 86400000, coalesce(substr(parent_sid, 1, 2), '') = 'VE', direction, status,
  price_unit, 0, count(*), sum(greatest(0, coalesce((ended_ms - answered_ms + 999) / 1000, 0))),
  sum(coalesce(price_micros, 0))
FROM call GROUP BY 1, 2, 3, 4, 5, 6, 7;
