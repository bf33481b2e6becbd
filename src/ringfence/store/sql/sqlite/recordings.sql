-- columns --
account, sid, call_sid, status, channels, source, track, epoch, started_ms, duration_ms, error_code, created_ms,
updated_ms, content

-- insert --
INSERT INTO recording ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, sid) DO NOTHING

-- recording --
SELECT {columns} FROM recording WHERE account = ? AND sid = ?

-- move --
UPDATE recording SET status = ?3, updated_ms = ?4, duration_ms = ?5, error_code = ?6 WHERE account = ?1 AND sid = ?2

-- call --
SELECT 1 FROM call WHERE account = ? AND sid = ?

-- place --
SELECT created_ms FROM recording WHERE account = ? AND sid = ?

-- page --
(created_ms, sid) < (:before_ms, :before_sid) AND created_ms >= :from_ms
AND (status <> 'deleted' OR updated_ms >= :deleted_from_ms)
ORDER BY created_ms DESC, sid DESC LIMIT :limit

-- all --
SELECT {columns} FROM recording INDEXED BY recording_created WHERE account = :account AND {page}

-- of_call --
SELECT {columns} FROM recording INDEXED BY recording_call
WHERE account = :account AND call_sid = :call_sid AND {page}

-- delete --
UPDATE recording SET status = 'deleted', updated_ms = ?3, content = x''
WHERE account = ?1 AND sid = ?2 AND status <> 'deleted'
