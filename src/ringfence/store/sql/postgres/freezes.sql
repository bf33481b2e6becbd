-- put --
INSERT INTO frozen (kind, name, was, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- suspend --
UPDATE account SET status = 'suspended', updated_ms = greatest($2, updated_ms + 1) WHERE sid = $1 AND status <> 'closed'

-- delete --
DELETE FROM frozen WHERE kind = $1 AND name = $2 AND at_ms = coalesce($3::bigint, at_ms) RETURNING was

-- go_on --
UPDATE account SET status = $2, updated_ms = greatest($3, updated_ms + 1) WHERE sid = $1 AND status <> 'closed'

-- all --
SELECT kind, name, was, at_ms FROM frozen ORDER BY kind, name
