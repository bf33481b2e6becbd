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
