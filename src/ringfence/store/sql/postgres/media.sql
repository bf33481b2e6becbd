-- insert --
INSERT INTO medium (account, message_sid, sid, content_type, size, epoch, content, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING

-- of_message --
SELECT account, message_sid, sid, content_type, size, epoch, content, created_ms
FROM medium WHERE account = $1 AND message_sid = $2 ORDER BY created_ms, sid

-- delete --
DELETE FROM medium WHERE account = $1 AND message_sid = $2 AND sid = $3

-- delete_of_message --
DELETE FROM medium WHERE account = $1 AND message_sid = $2
