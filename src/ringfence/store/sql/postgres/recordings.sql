-- columns --
account, sid, call_sid, status, channels, source, track, epoch, started_ms, duration_ms, error_code, created_ms,
updated_ms, content

-- insert --
INSERT INTO recording ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (account, sid) DO NOTHING

-- recording --
SELECT {columns} FROM recording WHERE account = $1 AND sid = $2

-- calls_of --
SELECT DISTINCT recording.account, call_sid FROM recording
JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)

-- hold_calls --
-- Locked in order of the key, in which everybody locks calls.
SELECT account, sid FROM call JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)
ORDER BY account, sid
FOR NO KEY UPDATE OF call

-- hold --
SELECT {columns} FROM recording WHERE account = $1 AND sid = $2
FOR NO KEY UPDATE

-- move --
UPDATE recording SET status = $3, updated_ms = $4, duration_ms = $5, error_code = $6 WHERE account = $1 AND sid = $2

-- place --
SELECT created_ms FROM recording WHERE account = $1 AND sid = $2

-- page --
(created_ms, sid) < ($2, $3) AND created_ms >= $4
AND (status <> 'deleted' OR updated_ms >= $6)
ORDER BY created_ms DESC, sid DESC LIMIT $5

-- all --
SELECT {columns} FROM recording WHERE account = $1 AND {page}

-- of_call --
SELECT {columns} FROM recording WHERE account = $1 AND call_sid = $7 AND {page}

-- delete --
UPDATE recording SET status = 'deleted', updated_ms = $3, content = ''
WHERE account = $1 AND sid = $2 AND status <> 'deleted'
