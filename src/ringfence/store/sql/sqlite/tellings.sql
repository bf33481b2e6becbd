-- columns --
account, sid, service, webhook, subject, kind, epoch, content, at_ms

-- insert --
INSERT INTO telling ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- tellings_of --
SELECT {columns} FROM telling
WHERE (account, sid) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))

-- of_subject --
SELECT {columns} FROM telling WHERE account = ? AND subject = ? ORDER BY sid
