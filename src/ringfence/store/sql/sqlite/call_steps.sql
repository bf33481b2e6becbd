-- columns --
id, account, call_sid, at_ms, kind, code, detail

-- kept --
SELECT count(*) FROM call_step WHERE account = ? AND call_sid = ?

-- is_there --
SELECT 1 FROM call WHERE account = ? AND sid = ?

-- insert --
INSERT INTO call_step (account, call_sid, at_ms, kind, code, detail) VALUES (?, ?, ?, ?, ?, ?)

-- steps --
SELECT {columns} FROM call_step WHERE account = ? AND call_sid = ? ORDER BY at_ms, id

-- trouble --
code IS NOT NULL AND kind <> 'status'

-- troubles --
SELECT {columns} FROM call_step INDEXED BY call_step_trouble
WHERE {trouble} AND account = ?1 AND (at_ms, id) < (?2, ?3) AND at_ms >= ?4
  AND (?5 IS NULL OR call_sid = ?5) AND (?6 IS NULL OR (kind = 'warning') = ?6)
ORDER BY at_ms DESC, id DESC LIMIT ?7

-- one_trouble --
SELECT {columns} FROM call_step INDEXED BY call_step_trouble WHERE {trouble} AND account = ? AND at_ms = ? AND id = ?
