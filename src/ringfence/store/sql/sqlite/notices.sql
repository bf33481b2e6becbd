-- columns --
account, sid, kind, said, at_ms

-- address_columns --
account, standing, updated_ms

-- keep_address --
INSERT INTO notice_address ({address_columns}) VALUES (?, ?, ?)
ON CONFLICT (account) DO UPDATE SET standing = excluded.standing, updated_ms = excluded.updated_ms

-- drop_address --
DELETE FROM notice_address WHERE account = ?

-- addresses --
SELECT {address_columns} FROM notice_address WHERE account IN (SELECT value FROM json_each(?))

-- addressed --
SELECT account FROM notice_address WHERE account > ? ORDER BY account LIMIT ?

-- insert --
INSERT INTO notice ({columns}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- notices_of --
SELECT {columns} FROM notice
WHERE (account, sid) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))
