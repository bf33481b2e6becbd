-- columns --
id, account, call_sid, at_ms, kind, code, detail

-- hold --
-- Locked in order of the key, in which everybody locks calls.
SELECT account, sid FROM call JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)
ORDER BY account, sid
FOR NO KEY UPDATE OF call

-- kept --
SELECT account, call_sid, count(*) FROM call_step JOIN unnest($1::text[], $2::text[]) AS key (account, call_sid)
  USING (account, call_sid)
GROUP BY account, call_sid

-- insert --
INSERT INTO call_step (account, call_sid, at_ms, kind, code, detail)
SELECT account, call_sid, at_ms, kind, code, detail
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bytea[])
  WITH ORDINALITY AS new (account, call_sid, at_ms, kind, code, detail, number)
ORDER BY number

-- steps --
SELECT {columns} FROM call_step WHERE account = $1 AND call_sid = $2 ORDER BY at_ms, id

-- trouble --
code IS NOT NULL AND kind <> 'status'

-- troubles --
SELECT {columns} FROM call_step
WHERE {trouble} AND account = $1 AND (at_ms, id) < ($2, $3) AND at_ms >= $4
  AND ($5::text IS NULL OR call_sid = $5) AND ($6::boolean IS NULL OR (kind = 'warning') = $6)
ORDER BY at_ms DESC, id DESC LIMIT $7

-- one_trouble --
SELECT {columns} FROM call_step WHERE {trouble} AND account = $1 AND at_ms = $2 AND id = $3
