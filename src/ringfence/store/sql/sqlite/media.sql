-- insert --
INSERT OR IGNORE INTO medium (account, message_sid, sid, content_type, size, epoch, content, created_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- of_message --
SELECT account, message_sid, sid, content_type, size, epoch, content, created_ms
FROM medium WHERE account = ? AND message_sid = ? ORDER BY created_ms, sid

-- delete --
DELETE FROM medium WHERE account = ? AND message_sid = ? AND sid = ?

-- delete_of_message --
DELETE FROM medium WHERE account = ? AND message_sid = ?
