-- add --
-- Each connection has a count of its own: on one that they share, each would wait for the commit of another.
INSERT INTO day_count AS known (account, kind, day, brings_code, direction, status, unit, lane, number, size, spent_micros)
SELECT account, kind, day, brings_code, direction, status, unit, pg_backend_pid() % 64, number, size, spent_micros
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::bigint[],
  $9::bigint[], $10::bigint[])
  WITH ORDINALITY AS new (account, kind, day, brings_code, direction, status, unit, number, size, spent_micros, place)
ORDER BY place
ON CONFLICT (account, kind, day, brings_code, direction, status, unit, lane) DO UPDATE
SET number = known.number + excluded.number, size = known.size + excluded.size,
  spent_micros = known.spent_micros + excluded.spent_micros

-- of_days --
SELECT day, brings_code, direction, status, unit, sum(number)::bigint, sum(size)::bigint, sum(spent_micros)::bigint
FROM (
  SELECT day, brings_code, direction, status, unit, number, size, spent_micros FROM day_count
  WHERE account = $1 AND kind = $2 AND day >= $3 AND day < $4
  UNION ALL
  SELECT created_ms / 86400000, substr(sid, 1, 2) = 'VL', direction, status, price_unit, 1, num_segments,
    coalesce(price_micros, 0)
  FROM message
  WHERE $2 = 'text' AND account = $1 AND place_ms IS NOT NULL
    AND created_ms / 86400000 >= $3 AND created_ms / 86400000 < $4
) AS counted
GROUP BY day, brings_code, direction, status, unit
HAVING sum(number) <> 0 OR sum(spent_micros) <> 0
ORDER BY day DESC, brings_code, direction COLLATE "C", status COLLATE "C", unit COLLATE "C"
