-- override_columns --
account, tag, line_type, original_type, standing, created_ms, updated_ms

-- rule_columns --
account, field, bucket, max_uses, ttl_s, created_ms, updated_ms

-- new_override --
INSERT INTO lookup_override ({override_columns}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, tag) DO NOTHING

-- change_override --
UPDATE lookup_override SET line_type = $3, standing = $4, updated_ms = $5 WHERE account = $1 AND tag = $2

-- override --
SELECT {override_columns} FROM lookup_override WHERE account = $1 AND tag = $2

-- delete_override --
DELETE FROM lookup_override WHERE account = $1 AND tag = $2

-- put_rule --
INSERT INTO lookup_rule ({rule_columns}) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account, field, bucket) DO UPDATE SET
  max_uses = excluded.max_uses, ttl_s = excluded.ttl_s, updated_ms = excluded.updated_ms

-- rules --
SELECT {rule_columns} FROM lookup_rule WHERE account = $1 ORDER BY field, bucket

-- delete_rule --
DELETE FROM lookup_rule WHERE account = $1 AND field = $2 AND bucket = $3

-- forget_uses --
DELETE FROM lookup_use WHERE account = $1 AND field = $2 AND bucket = $3

-- forget_old_uses --
DELETE FROM lookup_use WHERE account = $1 AND field = $2 AND bucket = $3 AND began_ms <= $4

-- use --
INSERT INTO lookup_use AS known (account, field, bucket, tag, began_ms, used) VALUES ($1, $2, $3, $4, $5, 1)
ON CONFLICT (account, field, bucket, tag) DO UPDATE SET used = known.used + 1 WHERE known.used < $6
