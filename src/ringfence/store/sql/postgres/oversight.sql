-- texts --
SELECT count(*), min(place_ms) FROM message WHERE place_ms IS NOT NULL

-- events --
SELECT count(*) FROM event WHERE state = 'pending'

-- dead_events --
SELECT count(*) FROM event WHERE state = 'dead'

-- live_calls --
SELECT count(*) FROM call WHERE status IN ('queued', 'ringing', 'in-progress')

-- sender_queues --
SELECT account, sender, carrier, next_ms, coalesce(owner, '') AS owner, coalesce(until_ms, 0) AS until_ms, (
  SELECT count(*) FROM (
    SELECT 1 FROM message WHERE account = queue.account AND local = queue.sender AND carrier = queue.carrier
      AND place_ms IS NOT NULL LIMIT $6
  ) AS entry
) AS depth
FROM sender_queue AS queue LEFT JOIN sender_lease USING (account, sender, carrier)
WHERE next_ms IS NOT NULL AND (next_ms, account, sender, carrier) > ($1, $2, $3, $4)
  AND ($7 = '' OR account = $7) AND ($8 = '' OR carrier = $8)
ORDER BY next_ms, account, sender, carrier LIMIT $5
