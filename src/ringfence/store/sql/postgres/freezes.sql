-- put --
INSERT INTO frozen (kind, name, was, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- delete --
DELETE FROM frozen WHERE kind = $1 AND name = $2 AND at_ms = coalesce($3::bigint, at_ms)

-- all --
SELECT kind, name, was, at_ms FROM frozen ORDER BY kind, name
