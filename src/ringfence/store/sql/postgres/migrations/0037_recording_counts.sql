-- Recordings that ended, by the day they were made; `size` are seconds.
INSERT INTO day_count (account, kind, day, brings_code, direction, status, unit, lane, number, size, spent_micros)
SELECT account, 'recording', created_ms / 86400000, false, '', status, '', 0, count(*),
  sum((coalesce(duration_ms, 0) + 999) / 1000), 0
FROM recording WHERE status = 'completed' GROUP BY 1, 2, 3, 4, 5, 6, 7;
