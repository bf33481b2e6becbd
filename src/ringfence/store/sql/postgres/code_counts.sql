-- more --
ON CONFLICT (account, day, service, measure, channel, refusal, unit, lane) DO UPDATE
SET number = known.number + excluded.number, spent_micros = known.spent_micros + excluded.spent_micros

-- add --
-- Each connection has a count of its own: on one that they share, each would wait for the commit of another.
INSERT INTO code_count AS known (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT account, day, service, measure, channel, refusal, unit, pg_backend_pid() % 64, number, spent_micros
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[],
  $9::bigint[])
  WITH ORDINALITY AS new (account, day, service, measure, channel, refusal, unit, number, spent_micros, place)
ORDER BY place {more}

-- add_spending --
-- Of account, attempt, day, currency and amount. One whose attempt is not here is of no service.
INSERT INTO code_count AS known (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT new.account, new.day, coalesce(service, ''), 'spent', coalesce(channel, ''), 0, new.unit,
  pg_backend_pid() % 64, 0, sum(new.micros)
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[]) AS new (account, sid, day, unit, micros)
  LEFT JOIN verification_attempt AS attempt ON attempt.account = new.account AND attempt.sid = new.sid
GROUP BY 1, 2, 3, 5, 7 ORDER BY 1, 2, 3, 5, 7 {more}

-- of_days --
SELECT day, service, measure, channel, refusal, unit, sum(number)::bigint, sum(spent_micros)::bigint FROM code_count
WHERE account = $1 AND day >= $2 AND day < $3 AND coalesce(service = $4, true)
GROUP BY day, service, measure, channel, refusal, unit HAVING sum(number) <> 0 OR sum(spent_micros) <> 0
ORDER BY day DESC, service COLLATE "C", measure COLLATE "C", channel COLLATE "C", refusal, unit COLLATE "C"
