-- set --
INSERT INTO opt_out (account, pair, opted_out, at_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (account, pair) DO UPDATE SET opted_out = excluded.opted_out, at_ms = excluded.at_ms

-- opted_out --
SELECT opted_out FROM opt_out WHERE account = $1 AND pair = $2

-- any --
SELECT 1 FROM opt_out WHERE account = $1 LIMIT 1
