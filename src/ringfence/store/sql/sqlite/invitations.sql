-- put --
INSERT INTO invitation (id, digest, name, created_ms, expires_ms, taken_ms, account) VALUES (?, ?, ?, ?, ?, ?, ?)

-- of --
SELECT id, digest, name, created_ms, expires_ms, taken_ms, account FROM invitation WHERE digest = ?

-- take --
UPDATE invitation SET taken_ms = ?, account = ? WHERE digest = ? AND taken_ms = 0 AND expires_ms > ?

-- delete --
DELETE FROM invitation WHERE id = ?

-- all --
SELECT id, digest, name, created_ms, expires_ms, taken_ms, account FROM invitation ORDER BY id DESC
