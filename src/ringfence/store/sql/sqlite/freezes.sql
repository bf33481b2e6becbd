-- put --
INSERT INTO frozen (kind, name, was, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- delete --
DELETE FROM frozen WHERE kind = ? AND name = ? AND at_ms = coalesce(?, at_ms)

-- all --
SELECT kind, name, was, at_ms FROM frozen ORDER BY kind, name
