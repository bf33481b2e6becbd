-- put_carrier_state --
INSERT INTO carrier_state (name, owner, kind, up, since_ms, told_ms, figures) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name, owner) DO UPDATE SET kind = excluded.kind, up = excluded.up, since_ms = excluded.since_ms,
  told_ms = excluded.told_ms, figures = excluded.figures

-- carrier_states --
SELECT name, owner, kind, up, since_ms, told_ms, figures FROM carrier_state ORDER BY name, owner

-- begin --
INSERT INTO incident (sid, kind, what, began_ms, ended_ms, acknowledged_by, acknowledged_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING

-- end --
UPDATE incident SET ended_ms = $1 WHERE kind = $2 AND what = $3 AND ended_ms IS NULL

-- acknowledge --
UPDATE incident SET acknowledged_by = $1, acknowledged_ms = $2 WHERE sid = $3 AND acknowledged_by = ''

-- incidents --
SELECT sid, kind, what, began_ms, ended_ms, acknowledged_by, acknowledged_ms FROM incident
WHERE sid < $1 ORDER BY sid DESC LIMIT $2

-- going_on --
SELECT sid, kind, what, began_ms, ended_ms, acknowledged_by, acknowledged_ms FROM incident
WHERE ended_ms IS NULL AND sid < $1 ORDER BY sid DESC LIMIT $2

-- owns --
SELECT 1 FROM number WHERE number = $1 AND sid = $2 FOR SHARE

-- insert_rate --
INSERT INTO allowed_rate (kind, name, rate_mps, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- change_rate --
UPDATE allowed_rate SET rate_mps = $3, at_ms = $4 WHERE kind = $1 AND name = $2 AND rate_mps = $5 AND at_ms = $6

-- allowed_rates --
SELECT kind, name, rate_mps, at_ms FROM allowed_rate ORDER BY kind, name
