-- more --
ON CONFLICT (account, day, service, measure, channel, refusal, unit) DO UPDATE
SET number = number + excluded.number, spent_micros = spent_micros + excluded.spent_micros

-- add --
INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, number, spent_micros)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]'),
  json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'), json_extract(value, '$[7]'),
  json_extract(value, '$[8]')
FROM json_each(?) WHERE true {more}

-- add_spending --
-- Of account, attempt, day, currency and amount. One whose attempt is not here is of no service.
INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, number, spent_micros)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[2]'), coalesce(service, ''), 'spent', coalesce(channel, ''), 0,
  json_extract(value, '$[3]'), 0, json_extract(value, '$[4]')
FROM json_each(?) LEFT JOIN verification_attempt AS attempt
  ON attempt.account = json_extract(value, '$[0]') AND attempt.sid = json_extract(value, '$[1]')
WHERE true {more}

-- of_days --
SELECT day, service, measure, channel, refusal, unit, number, spent_micros FROM code_count
WHERE account = ?1 AND day >= ?2 AND day < ?3 AND coalesce(service = ?4, 1) AND (number <> 0 OR spent_micros <> 0)
ORDER BY day DESC, service, measure, channel, refusal, unit
