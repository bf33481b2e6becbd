-- override_columns --
account, tag, line_type, original_type, standing, created_ms, updated_ms

-- rule_columns --
account, field, bucket, max_uses, ttl_s, created_ms, updated_ms

-- new_override --
INSERT INTO lookup_override ({override_columns}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, tag) DO NOTHING

-- change_override --
UPDATE lookup_override SET line_type = ?3, standing = ?4, updated_ms = ?5 WHERE account = ?1 AND tag = ?2

-- override --
SELECT {override_columns} FROM lookup_override WHERE account = ? AND tag = ?

-- delete_override --
DELETE FROM lookup_override WHERE account = ? AND tag = ?

-- put_rule --
INSERT INTO lookup_rule ({rule_columns}) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, field, bucket) DO UPDATE SET
  max_uses = excluded.max_uses, ttl_s = excluded.ttl_s, updated_ms = excluded.updated_ms

-- rules --
SELECT {rule_columns} FROM lookup_rule WHERE account = ? ORDER BY field, bucket

-- delete_rule --
DELETE FROM lookup_rule WHERE account = ? AND field = ? AND bucket = ?

-- forget_uses --
DELETE FROM lookup_use WHERE account = ? AND field = ? AND bucket = ?

-- forget_old_uses --
DELETE FROM lookup_use WHERE account = ? AND field = ? AND bucket = ? AND began_ms <= ?

-- use --
INSERT INTO lookup_use (account, field, bucket, tag, began_ms, used) VALUES (?1, ?2, ?3, ?4, ?5, 1)
ON CONFLICT (account, field, bucket, tag) DO UPDATE SET used = used + 1 WHERE used < ?6
