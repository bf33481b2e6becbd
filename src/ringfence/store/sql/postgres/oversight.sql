-- texts --
SELECT count(*), min(place_ms) FROM message WHERE place_ms IS NOT NULL

-- events --
SELECT count(*) FROM event WHERE state = 'pending'

-- dead_events --
SELECT count(*) FROM event WHERE state = 'dead'

-- live_calls --
SELECT count(*) FROM call WHERE status IN ('queued', 'ringing', 'in-progress')

-- behind --
next_ms IS NOT NULL AND next_ms >= $1 AND (next_ms, account, sender, carrier) > ($1, $2, $3, $4)
ORDER BY next_ms, account, sender, carrier LIMIT $5

-- shown --
account, sender, carrier, next_ms, coalesce(owner, '') AS owner, coalesce(until_ms, 0) AS until_ms, (
  SELECT count(*) FROM (
    SELECT 1 FROM message WHERE account = queue.account AND local = queue.sender AND carrier = queue.carrier
      AND place_ms IS NOT NULL LIMIT $6
  ) AS entry
) AS depth

-- queues_by_carrier --
-- The carrier, or by steps through the index each that queues have; of each carrier as many as are asked for.
WITH RECURSIVE way AS (
  SELECT CASE WHEN $7::text <> '' THEN $7::text ELSE (
    SELECT carrier FROM sender_queue WHERE next_ms IS NOT NULL AND carrier >= '' ORDER BY carrier LIMIT 1
  ) END AS carrier
  UNION ALL
  SELECT (
    SELECT carrier FROM sender_queue WHERE next_ms IS NOT NULL AND carrier > way.carrier ORDER BY carrier LIMIT 1
  ) FROM way WHERE $7::text = '' AND carrier IS NOT NULL
)
SELECT {shown} FROM (
  SELECT known.* FROM way CROSS JOIN LATERAL (
    SELECT account, sender, carrier, next_ms FROM sender_queue WHERE sender_queue.carrier = way.carrier AND {behind}
  ) AS known
  ORDER BY next_ms, account, sender, carrier LIMIT $5
) AS queue LEFT JOIN sender_lease USING (account, sender, carrier)
ORDER BY next_ms, account, sender, carrier

-- queues_of_account --
SELECT {shown} FROM (
  SELECT account, sender, carrier, next_ms FROM sender_queue
  WHERE account = $7 AND ($8 = '' OR carrier = $8) AND {behind}
) AS queue LEFT JOIN sender_lease USING (account, sender, carrier)
ORDER BY next_ms, account, sender, carrier
