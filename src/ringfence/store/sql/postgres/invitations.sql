-- put --
INSERT INTO invitation (digest, id, name, invited_by, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6)

-- of --
SELECT id, name, invited_by, created_ms, expires_ms, taken_ms, account FROM invitation WHERE digest = $1

-- take --
UPDATE invitation SET taken_ms = $3, account = $2 WHERE digest = $1 AND taken_ms = 0 AND expires_ms > $3

-- delete --
DELETE FROM invitation WHERE id = $1 AND taken_ms = 0

-- all --
SELECT id, name, invited_by, created_ms, expires_ms, taken_ms, account FROM invitation WHERE id < $1 ORDER BY id DESC LIMIT $2

-- open --
SELECT id, name, invited_by, created_ms, expires_ms, taken_ms, account FROM invitation
WHERE id < $1 AND taken_ms = 0 AND expires_ms > $2 ORDER BY id DESC LIMIT $3
