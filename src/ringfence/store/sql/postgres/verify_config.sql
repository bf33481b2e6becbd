-- columns --
account, kind, parent, sid, name, settings, standing, created_ms, updated_ms

-- insert --
INSERT INTO verify_config ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING

-- row --
SELECT {columns} FROM verify_config WHERE account = $1 AND kind = $2 AND parent = $3 AND sid = $4

-- named --
SELECT {columns} FROM verify_config WHERE account = $1 AND kind = $2 AND parent = $3 AND name = $4 AND $4 <> ''

-- hold --
SELECT 1 FROM verify_config WHERE account = $1 AND sid = $2 FOR UPDATE

-- queue_for_name --
SELECT pg_advisory_xact_lock(hashtext('verify_config'), hashtext($1))

-- taken --
SELECT 1 FROM verify_config
WHERE account = $1 AND kind = $2 AND parent = $3 AND name = $4 AND $4 <> '' AND sid <> $5

-- size --
SELECT count(*) FROM verify_config WHERE account = $1 AND kind = $2 AND parent = $3

-- place --
SELECT created_ms FROM verify_config WHERE account = $1 AND kind = $2 AND parent = $3 AND sid = $4

-- list --
SELECT {columns} FROM verify_config
WHERE account = $1 AND kind = $2 AND parent = $3 AND (created_ms, sid) < ($4, $5)
ORDER BY created_ms DESC, sid DESC LIMIT $6

-- update --
UPDATE verify_config SET name = $5, settings = $6, standing = $7, updated_ms = $8
WHERE account = $1 AND kind = $2 AND parent = $3 AND sid = $4

-- delete --
DELETE FROM verify_config WHERE account = $1 AND kind = $2 AND parent = $3 AND sid = $4

-- delete_below --
DELETE FROM verify_config
WHERE account = $1 AND (parent = $2 OR parent IN (SELECT sid FROM verify_config WHERE account = $1 AND parent = $2))
