-- texts --
SELECT count(*), min(place_ms) FROM message WHERE final = 0 AND place_ms IS NOT NULL

-- events --
SELECT count(*) FROM event WHERE state = 'pending'

-- dead_events --
SELECT count(*) FROM event WHERE state = 'dead'

-- live_calls --
SELECT count(*) FROM call WHERE status IN ('queued', 'ringing', 'in-progress')

-- by_day --
SELECT created_ms / 86400000 AS day, direction = 'inbound' AS inbound, status, count(*)
FROM message INDEXED BY message_created
WHERE account = ?1 AND created_ms >= ?2 AND created_ms < ?3
GROUP BY day, inbound, status
ORDER BY day DESC, inbound, status
