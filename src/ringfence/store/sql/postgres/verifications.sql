-- columns --
account, sid, service, to_index, channel, status, region, epoch, content, attempts, created_ms, updated_ms, expires_ms

-- expire --
UPDATE verification SET held = 0, status = CASE status WHEN 'pending' THEN 'expired' ELSE status END,
  updated_ms = CASE status WHEN 'pending' THEN expires_ms ELSE updated_ms END
WHERE account = $1 AND service = $2 AND to_index = $3 AND held = 1 AND expires_ms <= $4

-- insert --
INSERT INTO verification ({columns})
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::bigint[],
  $9::bytea[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[])
ON CONFLICT DO NOTHING RETURNING account, sid

-- insert_failed --
INSERT INTO verification ({columns}, held) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)
ON CONFLICT DO NOTHING

-- row --
SELECT {columns} FROM verification WHERE account = $1 AND sid = $2

-- verifications_of --
SELECT {columns} FROM verification JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)

-- held --
SELECT {columns} FROM verification
WHERE account = $1 AND service = $2 AND to_index = $3 AND held = 1 AND expires_ms > $4

-- hold --
SELECT {columns} FROM verification WHERE account = $1 AND sid = $2 FOR UPDATE

-- attempt --
UPDATE verification SET attempts = $3, channel = $4, updated_ms = $5 WHERE account = $1 AND sid = $2

-- move --
UPDATE verification SET status = $3::text, updated_ms = $4,
  held = CASE WHEN $3::text = 'max_attempts_reached' THEN 1 ELSE 0 END
WHERE account = $1 AND sid = $2
  AND (status = 'pending' OR status = 'max_attempts_reached' AND $3::text IN ('canceled', 'deleted')) RETURNING {columns}
