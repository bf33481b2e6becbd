-- put --
INSERT INTO frozen (kind, name, was, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- suspend --
UPDATE account SET status = 'suspended', updated_ms = greatest($2, updated_ms + 1) WHERE sid = $1 AND status <> 'closed'

-- delete --
DELETE FROM frozen WHERE kind = $1 AND name = $2 AND at_ms = coalesce($3::bigint, at_ms) RETURNING was, at_ms

-- go_on --
UPDATE account SET status = $2, updated_ms = greatest($3, updated_ms + 1) WHERE sid = $1 AND status <> 'closed'

-- end --
INSERT INTO ended_freeze (kind, name, at_ms, ended_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- ended --
SELECT kind, name, at_ms, ended_ms FROM ended_freeze ORDER BY ended_ms, kind, name, at_ms LIMIT $1

-- forget --
DELETE FROM ended_freeze USING unnest($1::text[], $2::text[], $3::bigint[]) AS told (kind, name, at_ms)
WHERE ended_freeze.kind = told.kind AND ended_freeze.name = told.name AND ended_freeze.at_ms = told.at_ms

-- all --
SELECT kind, name, was, at_ms FROM frozen ORDER BY kind, name
