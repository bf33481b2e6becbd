-- set --
INSERT INTO opt_out (account, pair, opted_out, at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (account, pair) DO UPDATE SET opted_out = excluded.opted_out, at_ms = excluded.at_ms

-- opted_out --
SELECT opted_out FROM opt_out WHERE account = ? AND pair = ?

-- any --
SELECT 1 FROM opt_out WHERE account = ? LIMIT 1
