-- put --
INSERT INTO invitation (id, digest, name, created_ms, expires_ms, taken_ms, account) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- of --
SELECT id, digest, name, created_ms, expires_ms, taken_ms, account FROM invitation WHERE digest = $1

-- take --
UPDATE invitation SET taken_ms = $3, account = $2 WHERE digest = $1 AND taken_ms = 0 AND expires_ms > $3

-- delete --
DELETE FROM invitation WHERE id = $1

-- all --
SELECT id, digest, name, created_ms, expires_ms, taken_ms, account FROM invitation ORDER BY id DESC
