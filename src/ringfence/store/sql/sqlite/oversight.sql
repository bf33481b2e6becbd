-- texts --
SELECT count(*), min(place_ms) FROM message WHERE final = 0 AND place_ms IS NOT NULL

-- events --
SELECT count(*) FROM event WHERE state = 'pending'

-- dead_events --
SELECT count(*) FROM event WHERE state = 'dead'

-- live_calls --
SELECT count(*) FROM call WHERE status IN ('queued', 'ringing', 'in-progress')

-- sender_queues --
SELECT account, sender, carrier, next_ms, coalesce(owner, ''), until_ms, (
  SELECT count(*) FROM (
    SELECT 1 FROM message INDEXED BY message_open
    WHERE final = 0 AND account = sender_queue.account AND local = sender_queue.sender
      AND carrier = sender_queue.carrier AND place_ms IS NOT NULL LIMIT ?6
  )
)
FROM sender_queue WHERE next_ms IS NOT NULL AND (next_ms, account, sender, carrier) > (?1, ?2, ?3, ?4)
  AND (?7 = '' OR account = ?7) AND (?8 = '' OR carrier = ?8)
ORDER BY next_ms, account, sender, carrier LIMIT ?5
