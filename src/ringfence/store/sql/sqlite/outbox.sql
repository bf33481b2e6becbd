-- columns --
id, account, message_sid, kind, sequence, at_ms, due_ms, attempts, state, error_code, raw

-- insert --
-- The last value tells that another event of the message is before it in this very statement.
INSERT INTO event (account, message_sid, kind, sequence, at_ms, due_ms, error_code, raw, ready_ms)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
  json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'),
  json_extract(value, '$[6]'),
  CASE WHEN json_extract(value, '$[7]') OR EXISTS (
    SELECT 1 FROM event WHERE account = json_extract(value, '$[0]') AND message_sid = json_extract(value, '$[1]')
      AND state = 'pending') THEN NULL ELSE json_extract(value, '$[4]') END
FROM json_each(?) ORDER BY key

-- ready_accounts --
-- One look an account, in order of sid: an account with a million events is one step.
WITH RECURSIVE turn (account) AS (
  SELECT (SELECT account FROM event WHERE ready_ms IS NOT NULL AND account > ?1 ORDER BY account LIMIT 1)
  UNION ALL
  SELECT (SELECT event.account FROM event
    WHERE ready_ms IS NOT NULL AND event.account > turn.account ORDER BY event.account LIMIT 1)
  FROM turn WHERE turn.account IS NOT NULL
)
SELECT account FROM turn
WHERE account IS NOT NULL AND account NOT IN (SELECT value FROM json_each(?3))
  AND EXISTS (SELECT 1 FROM event WHERE event.account = turn.account AND ready_ms <= ?2)
LIMIT ?4

-- ready --
SELECT json_group_array(json_object('id', id, 'account', account, 'message_sid', message_sid, 'kind', kind,
  'sequence', sequence, 'at_ms', at_ms, 'due_ms', due_ms, 'attempts', attempts, 'state', state,
  'error_code', error_code, 'raw', raw))
FROM (
  SELECT event.* FROM json_each(?1) AS turn CROSS JOIN event ON event.id IN (
    SELECT due.id FROM event AS due WHERE due.account = turn.value AND due.ready_ms <= ?2
    ORDER BY due.ready_ms, due.id LIMIT ?3)
  ORDER BY ready_ms, event.id
)

-- ready_notices --
SELECT {columns} FROM event INDEXED BY event_notice
WHERE account IN (SELECT value FROM json_each(?1)) AND ready_ms <= ?2 AND kind IN ('notice.blast', 'notice.freeze', 'notice.thaw', 'notice.duty')
ORDER BY ready_ms, id LIMIT ?3

-- lease --
UPDATE event SET owner = ?1, leased_ms = ?2, ready_ms = ?2 WHERE id IN (SELECT value FROM json_each(?3))

-- pending --
SELECT json_group_array(json_array(account, event.id, message_sid))
FROM json_each(?) CROSS JOIN event ON event.id = json_extract(value, '$[1]') AND account = json_extract(value, '$[0]')
WHERE state = 'pending'

-- settle --
UPDATE event SET state = json_extract(value, '$[1]'), attempts = attempts + 1, leased_ms = 0, ready_ms = NULL,
  due_ms = iif(json_extract(value, '$[1]') = 'pending', json_extract(value, '$[2]'), due_ms)
FROM json_each(?) WHERE event.id = json_extract(value, '$[0]')

-- defer --
UPDATE event SET due_ms = ?2, leased_ms = 0, ready_ms = NULL WHERE id IN (SELECT value FROM json_each(?1))

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
  WHEN id = (SELECT min(id) FROM event AS one
    WHERE one.account = event.account AND one.message_sid = event.message_sid AND one.state = 'pending')
  THEN max(due_ms, leased_ms) END
WHERE id IN (
  SELECT waiting.id FROM json_each(?) CROSS JOIN event AS waiting INDEXED BY event_pending
    ON account = json_extract(value, '$[0]') AND message_sid = json_extract(value, '$[1]')
  WHERE state = 'pending')

-- insert_attempts --
-- Each detail is a piece of the one blob. A text that was redacted while its webhook ran keeps none of it.
INSERT INTO attempt (account, message_sid, event_id, state, due_ms, http_status, error_code, duration_ms, at_ms, detail)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
  json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]'),
  json_extract(value, '$[7]'), json_extract(value, '$[8]'),
  CASE WHEN json_extract(value, '$[10]') = 0 OR (
    SELECT body_redacted FROM message
    WHERE account = json_extract(value, '$[0]') AND sid = json_extract(value, '$[1]'))
  THEN x'' ELSE substr(?2, json_extract(value, '$[9]'), json_extract(value, '$[10]')) END
FROM json_each(?1) ORDER BY key

-- attempts --
SELECT event_id, account, state, due_ms, http_status, error_code, duration_ms, at_ms, detail
FROM attempt WHERE account = ? AND message_sid = ? ORDER BY id

-- of_message --
SELECT {columns} FROM event WHERE account = ? AND message_sid = ? ORDER BY id

-- page --
account = ?1 AND (at_ms, id) < (?2, ?3) AND at_ms >= ?4

-- latest --
SELECT {columns} FROM event INDEXED BY event_made WHERE {page} ORDER BY at_ms DESC, id DESC LIMIT ?5

-- latest_of --
SELECT {columns} FROM event INDEXED BY event_made WHERE {page} AND state = ?6 ORDER BY at_ms DESC, id DESC LIMIT ?5

-- latest_dead --
SELECT {columns} FROM event INDEXED BY event_dead
WHERE {page} AND state = 'dead' ORDER BY at_ms DESC, id DESC LIMIT ?5

-- some_pending --
SELECT {columns} FROM event INDEXED BY event_pending WHERE account = ? AND state = 'pending' LIMIT ?

-- last_attempts --
SELECT event_id, account, state, due_ms, http_status, error_code, duration_ms, at_ms, x'' AS detail
FROM attempt WHERE id IN (
  SELECT (SELECT id FROM attempt INDEXED BY attempt_message
    WHERE account = ?1 AND message_sid = json_extract(value, '$[0]') AND event_id = json_extract(value, '$[1]')
    ORDER BY id DESC LIMIT 1)
  FROM json_each(?2))

-- forget_details --
UPDATE attempt SET detail = x'' WHERE account = ? AND message_sid = ?

-- trim_attempts --
DELETE FROM attempt WHERE account = ?1 AND message_sid = ?2 AND id <= (
  SELECT id FROM attempt WHERE account = ?1 AND message_sid = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)

-- delete_events --
DELETE FROM event WHERE account = ? AND message_sid = ?

-- delete_attempts --
DELETE FROM attempt WHERE account = ? AND message_sid = ?
