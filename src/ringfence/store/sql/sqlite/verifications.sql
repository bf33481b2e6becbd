-- columns --
account, sid, service, to_index, channel, status, region, epoch, content, attempts, created_ms, updated_ms, expires_ms

-- expire --
UPDATE verification SET held = 0, status = CASE status WHEN 'pending' THEN 'expired' ELSE status END,
  updated_ms = CASE status WHEN 'pending' THEN expires_ms ELSE updated_ms END
WHERE account = ?1 AND service = ?2 AND to_index = ?3 AND held = 1 AND expires_ms <= ?4

-- insert --
INSERT INTO verification ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
RETURNING account, sid

-- insert_failed --
INSERT INTO verification ({columns}, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING

-- row --
SELECT {columns} FROM verification WHERE account = ? AND sid = ?

-- verifications_of --
SELECT {columns} FROM verification
WHERE (account, sid) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))

-- held --
SELECT {columns} FROM verification INDEXED BY verification_held
WHERE account = ?1 AND service = ?2 AND to_index = ?3 AND held = 1 AND expires_ms > ?4

-- attempt --
UPDATE verification SET attempts = ?3, channel = ?4, updated_ms = ?5 WHERE account = ?1 AND sid = ?2

-- move --
UPDATE verification SET status = ?3, updated_ms = ?4,
  held = CASE WHEN ?3 = 'max_attempts_reached' THEN 1 ELSE 0 END
WHERE account = ?1 AND sid = ?2
  AND (status = 'pending' OR status = 'max_attempts_reached' AND ?3 IN ('canceled', 'deleted')) RETURNING {columns}
