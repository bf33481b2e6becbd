-- add --
INSERT INTO day_count (account, kind, day, brings_code, direction, status, unit, number, size, spent_micros)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
  json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
  json_extract(value, '$[8]'), json_extract(value, '$[9]')
FROM json_each(?) WHERE true
ON CONFLICT (account, kind, day, brings_code, direction, status, unit) DO UPDATE
SET number = number + excluded.number, size = size + excluded.size, spent_micros = spent_micros + excluded.spent_micros

-- of_days --
SELECT day, brings_code, direction, status, unit, sum(number), sum(size), sum(spent_micros)
FROM (
  SELECT day, brings_code, direction, status, unit, number, size, spent_micros FROM day_count
  WHERE account = :account AND kind = :kind AND day >= :from_day AND day < :to_day
  UNION ALL
  SELECT created_ms / 86400000, substr(sid, 1, 2) = 'VL', direction, status, price_unit, 1, num_segments,
    coalesce(price_micros, 0)
  FROM sender_queue AS queue CROSS JOIN message INDEXED BY message_open
    ON final = 0 AND message.account = queue.account AND local = sender AND message.carrier = queue.carrier
  WHERE :kind = 'text' AND queue.account = :account AND place_ms > 0
    AND created_ms / 86400000 >= :from_day AND created_ms / 86400000 < :to_day
)
GROUP BY day, brings_code, direction, status, unit HAVING sum(number) <> 0 OR sum(spent_micros) <> 0
ORDER BY day DESC, brings_code, direction, status, unit
