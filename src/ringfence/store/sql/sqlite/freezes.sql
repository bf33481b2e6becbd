-- put --
INSERT INTO frozen (kind, name, was, at_ms)
VALUES (?1, ?2, CASE ?1 WHEN 'account' THEN coalesce((SELECT status FROM account WHERE sid = ?2), '') ELSE '' END, ?3)
ON CONFLICT DO NOTHING

-- suspend --
UPDATE account SET status = 'suspended', updated_ms = max(?2, updated_ms + 1) WHERE sid = ?1 AND status <> 'closed'

-- delete --
DELETE FROM frozen WHERE kind = ? AND name = ? AND at_ms = coalesce(?, at_ms) RETURNING was, at_ms

-- go_on --
UPDATE account SET status = ?2, updated_ms = max(?3, updated_ms + 1) WHERE sid = ?1 AND status <> 'closed'

-- end --
INSERT INTO ended_freeze (kind, name, at_ms, ended_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- ended --
SELECT kind, name, at_ms, ended_ms FROM ended_freeze ORDER BY ended_ms, kind, name, at_ms LIMIT ?

-- forget --
DELETE FROM ended_freeze WHERE (kind, name, at_ms) IN (
  SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?))

-- all --
SELECT kind, name, was, at_ms FROM frozen ORDER BY kind, name
