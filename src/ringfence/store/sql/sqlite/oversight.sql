-- texts --
SELECT count(*), min(place_ms) FROM message WHERE final = 0 AND place_ms IS NOT NULL

-- events --
SELECT count(*) FROM event WHERE state = 'pending'

-- dead_events --
SELECT count(*) FROM event WHERE state = 'dead'

-- live_calls --
SELECT count(*) FROM call WHERE status IN ('queued', 'ringing', 'in-progress')

-- carriers --
-- Each of those that queues have, by steps through the index: as many steps as there are carriers.
WITH RECURSIVE way (carrier) AS (
  SELECT min(carrier) FROM sender_queue INDEXED BY sender_queue_next WHERE next_ms IS NOT NULL AND carrier >= ''
  UNION ALL
  SELECT (
    SELECT min(carrier) FROM sender_queue INDEXED BY sender_queue_next
    WHERE next_ms IS NOT NULL AND carrier > way.carrier
  ) FROM way WHERE carrier IS NOT NULL
)
SELECT carrier FROM way WHERE carrier IS NOT NULL

-- queue --
account, sender, carrier, next_ms, coalesce(owner, ''), until_ms

-- behind --
next_ms IS NOT NULL AND next_ms >= ?1 AND (next_ms, account, sender, carrier) > (?1, ?2, ?3, ?4)
ORDER BY next_ms, account, sender, carrier LIMIT ?5

-- queues_of_carrier --
SELECT {queue} FROM sender_queue INDEXED BY sender_queue_next WHERE carrier = ?6 AND {behind}

-- queues_of_account --
SELECT {queue} FROM sender_queue WHERE account = ?6 AND (?7 = '' OR carrier = ?7) AND {behind}

-- depth --
SELECT count(*) FROM (
  SELECT 1 FROM message INDEXED BY message_open
  WHERE final = 0 AND account = ? AND local = ? AND carrier = ? AND place_ms IS NOT NULL LIMIT ?
)
