-- columns --
account, sid, kind, said, at_ms

-- address_columns --
account, standing, updated_ms

-- keep_address --
INSERT INTO notice_address ({address_columns}) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET standing = excluded.standing, updated_ms = excluded.updated_ms

-- drop_address --
DELETE FROM notice_address WHERE account = $1

-- addresses --
SELECT {address_columns} FROM notice_address WHERE account = ANY ($1::text[])

-- addressed --
SELECT account FROM notice_address WHERE account > $1 ORDER BY account LIMIT $2

-- insert --
INSERT INTO notice ({columns}) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

-- notices_of --
SELECT {columns} FROM notice JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)
