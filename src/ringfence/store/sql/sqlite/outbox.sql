-- columns --
id, account, message_sid, kind, sequence, at_ms, due_ms, attempts, state, error_code, raw

-- insert --
INSERT INTO event (account, message_sid, kind, sequence, at_ms, due_ms, error_code, raw, ready_ms)
SELECT ?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7,
  CASE WHEN EXISTS (SELECT 1 FROM event WHERE account = ?1 AND message_sid = ?2 AND state = 'pending')
    THEN NULL ELSE ?5 END

-- any_ready --
SELECT 1 FROM event WHERE ready_ms <= ? LIMIT 1

-- ready --
SELECT {columns} FROM event WHERE ready_ms <= ? ORDER BY ready_ms, id LIMIT ?

-- lease --
UPDATE event SET owner = ?1, leased_ms = ?2, ready_ms = ?2 WHERE id = ?3

-- pending --
SELECT message_sid FROM event WHERE id = ? AND account = ? AND state = 'pending'

-- settle --
UPDATE event SET state = ?2, due_ms = CASE WHEN ?2 = 'pending' THEN ?3 ELSE due_ms END,
  attempts = attempts + 1, leased_ms = 0, ready_ms = NULL
WHERE id = ?1

-- defer --
UPDATE event SET due_ms = ?3, leased_ms = 0, ready_ms = NULL WHERE id = ?1 AND account = ?2 AND state = 'pending'

-- release --
UPDATE event INDEXED BY event_pending SET leased_ms = 0, ready_ms = CASE WHEN ready_ms IS NOT NULL THEN due_ms END
WHERE state = 'pending' AND owner = ? AND leased_ms > ?

-- replay --
UPDATE event SET state = 'pending', due_ms = ?3, attempts = 0, leased_ms = 0
WHERE id = ?1 AND account = ?2 AND state <> 'pending'
RETURNING message_sid

-- rank --
-- Only the earliest pending event of a message may be taken.
UPDATE event SET ready_ms = CASE
  WHEN id = (SELECT min(id) FROM event WHERE account = ?1 AND message_sid = ?2 AND state = 'pending')
  THEN max(due_ms, leased_ms) END
WHERE account = ?1 AND message_sid = ?2 AND state = 'pending'

-- insert_attempt --
-- A text that was redacted while its webhook ran keeps none of it.
INSERT INTO attempt (account, message_sid, event_id, state, due_ms, http_status, error_code, duration_ms, at_ms, detail)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
  CASE WHEN (SELECT body_redacted FROM message WHERE account = ?1 AND sid = ?2) THEN x'' ELSE ?10 END)

-- attempts --
SELECT event_id, account, state, due_ms, http_status, error_code, duration_ms, at_ms, detail
FROM attempt WHERE account = ? AND message_sid = ? ORDER BY id

-- of_message --
SELECT {columns} FROM event WHERE account = ? AND message_sid = ? ORDER BY id

-- dead --
SELECT {columns} FROM event WHERE account = ? AND state = 'dead' ORDER BY id DESC LIMIT ?

-- forget_details --
UPDATE attempt SET detail = x'' WHERE account = ? AND message_sid = ?

-- trim_attempts --
DELETE FROM attempt WHERE account = ?1 AND message_sid = ?2 AND id <= (
  SELECT id FROM attempt WHERE account = ?1 AND message_sid = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)

-- delete_events --
DELETE FROM event WHERE account = ? AND message_sid = ?

-- delete_attempts --
DELETE FROM attempt WHERE account = ? AND message_sid = ?
