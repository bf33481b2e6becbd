-- codes --
SELECT service, channel, count(*) AS count,
  count(*) FILTER (WHERE coalesce(attempts::jsonb -> -1 ->> 4, '') <> '') AS stepped_down
FROM verification
WHERE account = $1 AND status = 'approved' AND updated_ms >= $2 AND updated_ms < $3
GROUP BY service, channel

-- factors --
SELECT service, CASE WHEN matched THEN factor_type || '_matched' ELSE factor_type END AS channel, count(*) AS count,
  0 AS stepped_down
FROM verify_challenge
WHERE account = $1 AND status = 'approved' AND responded_ms >= $2 AND responded_ms < $3
GROUP BY service, factor_type, matched
