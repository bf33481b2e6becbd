-- columns --
account, sid, service, webhook, subject, kind, epoch, content, at_ms

-- insert --
INSERT INTO telling ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING

-- tellings_of --
SELECT {columns} FROM telling JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)

-- of_subject --
SELECT {columns} FROM telling WHERE account = $1 AND subject = $2 ORDER BY sid
