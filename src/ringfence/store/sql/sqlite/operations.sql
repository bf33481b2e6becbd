-- put_carrier_state --
INSERT INTO carrier_state (name, owner, kind, up, since_ms, told_ms, figures) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name, owner) DO UPDATE SET kind = excluded.kind, up = excluded.up, since_ms = excluded.since_ms,
  told_ms = excluded.told_ms, figures = excluded.figures

-- carrier_states --
SELECT name, owner, kind, up, since_ms, told_ms, figures FROM carrier_state ORDER BY name, owner

-- begin --
INSERT INTO incident (sid, kind, what, began_ms, ended_ms, acknowledged_by, acknowledged_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING

-- end --
UPDATE incident SET ended_ms = ? WHERE kind = ? AND what = ? AND ended_ms IS NULL

-- acknowledge --
UPDATE incident SET acknowledged_by = ?, acknowledged_ms = ? WHERE sid = ? AND acknowledged_by = ''

-- incidents --
SELECT sid, kind, what, began_ms, ended_ms, acknowledged_by, acknowledged_ms FROM incident
WHERE sid < ? ORDER BY sid DESC LIMIT ?

-- going_on --
SELECT sid, kind, what, began_ms, ended_ms, acknowledged_by, acknowledged_ms FROM incident
WHERE ended_ms IS NULL AND sid < ? ORDER BY sid DESC LIMIT ?

-- owns --
SELECT 1 FROM number WHERE number = ? AND sid = ?

-- insert_rate --
INSERT INTO allowed_rate (kind, name, rate_mps, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- change_rate --
UPDATE allowed_rate SET rate_mps = ?3, at_ms = ?4 WHERE kind = ?1 AND name = ?2 AND rate_mps = ?5 AND at_ms = ?6

-- allowed_rates --
SELECT kind, name, rate_mps, at_ms FROM allowed_rate ORDER BY kind, name
