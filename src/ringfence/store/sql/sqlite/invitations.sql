-- put --
INSERT INTO invitation (digest, id, name, invited_by, created_ms, expires_ms, taken_ms, account) VALUES (?, ?, ?, ?, ?, ?, 0, '')

-- of --
SELECT id, name, invited_by, created_ms, expires_ms, taken_ms, account FROM invitation WHERE digest = ?

-- take --
UPDATE invitation SET taken_ms = ?, account = ? WHERE digest = ? AND taken_ms = 0 AND expires_ms > ?

-- delete --
DELETE FROM invitation WHERE id = ? AND taken_ms = 0

-- all --
SELECT id, name, invited_by, created_ms, expires_ms, taken_ms, account FROM invitation WHERE id < ? ORDER BY id DESC LIMIT ?

-- open --
SELECT id, name, invited_by, created_ms, expires_ms, taken_ms, account FROM invitation
WHERE id < ? AND taken_ms = 0 AND expires_ms > ? ORDER BY id DESC LIMIT ?
