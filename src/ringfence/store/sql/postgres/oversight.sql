-- texts --
SELECT count(*), min(place_ms) FROM message WHERE place_ms IS NOT NULL

-- events --
SELECT count(*) FROM event WHERE state = 'pending'

-- dead_events --
SELECT count(*) FROM event WHERE state = 'dead'

-- live_calls --
SELECT count(*) FROM call WHERE status IN ('queued', 'ringing', 'in-progress')
