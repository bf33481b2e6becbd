-- columns --
id, account, message_sid, kind, sequence, at_ms, due_ms, attempts, state, error_code, raw

-- insert --
-- Ready is the first of a message's new events, where none was pending before. (NOT EXISTS would be answered by
-- hashing all that is pending.)
INSERT INTO event (account, message_sid, kind, sequence, at_ms, due_ms, error_code, raw, ready_ms)
SELECT account, message_sid, kind, sequence, at_ms, at_ms, error_code, raw,
  CASE WHEN row_number() OVER (PARTITION BY account, message_sid ORDER BY number) = 1
    AND (SELECT 1 FROM event
      WHERE event.account = new.account AND event.message_sid = new.message_sid AND state = 'pending' LIMIT 1) IS NULL
  THEN at_ms END
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
  WITH ORDINALITY AS new (account, message_sid, kind, sequence, at_ms, error_code, raw, number)
ORDER BY number

-- ready_accounts --
-- One look an account, in order of sid: an account with a million events is one step.
WITH RECURSIVE turn (account) AS (
  SELECT (SELECT account FROM event WHERE ready_ms IS NOT NULL AND account > $1 ORDER BY account LIMIT 1)
  UNION ALL
  SELECT (SELECT event.account FROM event
    WHERE ready_ms IS NOT NULL AND event.account > turn.account ORDER BY event.account LIMIT 1)
  FROM turn WHERE turn.account IS NOT NULL
)
SELECT account FROM turn
WHERE account IS NOT NULL AND account <> ALL ($3::text[])
  AND (SELECT 1 FROM event WHERE event.account = turn.account AND ready_ms <= $2 LIMIT 1) IS NOT NULL
LIMIT $4

-- take --
-- What another takes at this moment is passed over.
WITH head AS MATERIALIZED (
  SELECT due.account, due.id, due.ready_ms FROM unnest($5::text[]) AS turn (account), LATERAL (
    SELECT account, id, ready_ms FROM event
    WHERE event.account = turn.account AND ready_ms <= $1 ORDER BY ready_ms, id LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
  ) AS due
)
UPDATE event SET owner = $3, leased_ms = $4, ready_ms = $4 FROM head
WHERE event.account = head.account AND event.id = head.id
RETURNING head.ready_ms, event.id, event.account, message_sid, kind, sequence, at_ms, due_ms, attempts, state,
  error_code, raw

-- take_notices --
WITH head AS MATERIALIZED (
  SELECT account, id, ready_ms FROM event
  WHERE account = ANY ($5::text[]) AND ready_ms <= $1 AND kind IN ('notice.blast', 'notice.freeze', 'notice.thaw', 'notice.duty')
  ORDER BY ready_ms, id LIMIT $2
  FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE event SET owner = $3, leased_ms = $4, ready_ms = $4 FROM head
WHERE event.account = head.account AND event.id = head.id
RETURNING head.ready_ms, event.id, event.account, message_sid, kind, sequence, at_ms, due_ms, attempts, state,
  error_code, raw

-- messages_of --
SELECT DISTINCT account, message_sid FROM event JOIN unnest($1::text[], $2::bigint[]) AS key (account, id)
  USING (account, id)

-- lock --
SELECT 1 FROM message JOIN unnest($1::text[], $2::text[]) AS key (account, sid) USING (account, sid)
ORDER BY account, sid
FOR NO KEY UPDATE OF message

-- lock_calls --
SELECT 1 FROM call JOIN unnest($1::text[], $2::text[]) AS key (account, sid) USING (account, sid)
ORDER BY account, sid
FOR NO KEY UPDATE OF call

-- settle --
-- Not = 'pending': the planner might read all that is, while that is little.
UPDATE event SET state = new.state,
  due_ms = CASE WHEN new.state = 'pending' THEN new.due_ms ELSE event.due_ms END,
  attempts = attempts + 1, leased_ms = 0, ready_ms = NULL
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) AS new (account, id, state, due_ms)
WHERE event.account = new.account AND event.id = new.id AND event.state NOT IN ('done', 'dead')
RETURNING event.id, event.account, event.message_sid

-- defer --
UPDATE event SET due_ms = $3, leased_ms = 0, ready_ms = NULL
WHERE account = $1 AND id = ANY($2::bigint[]) AND state = 'pending'

-- release --
UPDATE event SET leased_ms = 0, ready_ms = CASE WHEN ready_ms IS NOT NULL THEN due_ms END
WHERE state = 'pending' AND owner = $1 AND leased_ms > $2

-- replay --
UPDATE event SET state = 'pending', due_ms = $3, attempts = 0, leased_ms = 0
WHERE account = $1 AND id = $2 AND state <> 'pending'
RETURNING 1

-- rank --
-- Only the earliest pending event of a message may be taken.
UPDATE event SET ready_ms = CASE WHEN event.id = first.id THEN greatest(due_ms, leased_ms) END
FROM unnest($1::text[], $2::text[]) AS key (account, message_sid), LATERAL (
  SELECT id FROM event
  WHERE event.account = key.account AND event.message_sid = key.message_sid AND state = 'pending'
  ORDER BY id LIMIT 1
) AS first
WHERE event.account = key.account AND event.message_sid = key.message_sid AND event.state NOT IN ('done', 'dead')
  AND ready_ms IS DISTINCT FROM CASE WHEN event.id = first.id THEN greatest(due_ms, leased_ms) END

-- insert_attempts --
-- A text that was redacted while its webhook ran keeps none of it.
INSERT INTO attempt (account, message_sid, event_id, state, due_ms, http_status, error_code, duration_ms, at_ms, detail)
SELECT account, message_sid, event_id, state, due_ms, http_status, error_code, duration_ms, at_ms,
  CASE WHEN (SELECT body_redacted FROM message WHERE message.account = new.account AND message.sid = message_sid)
    THEN '' ELSE detail END
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bytea[]) WITH ORDINALITY
  AS new (account, message_sid, event_id, state, due_ms, http_status, error_code, duration_ms, at_ms, detail, number)
ORDER BY number

-- attempts --
SELECT event_id, account, state, due_ms, http_status, error_code, duration_ms, at_ms, detail
FROM attempt WHERE account = $1 AND message_sid = $2 ORDER BY id

-- of_message --
SELECT {columns} FROM event WHERE account = $1 AND message_sid = $2 ORDER BY id

-- page --
account = $1 AND (at_ms, id) < ($2, $3) AND at_ms >= $4

-- latest --
SELECT {columns} FROM event WHERE {page} ORDER BY at_ms DESC, id DESC LIMIT $5

-- latest_of --
SELECT {columns} FROM event WHERE {page} AND state = $6 ORDER BY at_ms DESC, id DESC LIMIT $5

-- latest_dead --
SELECT {columns} FROM event WHERE {page} AND state = 'dead' ORDER BY at_ms DESC, id DESC LIMIT $5

-- some_pending --
SELECT {columns} FROM event WHERE account = $1 AND state = 'pending' LIMIT $2

-- last_attempts --
SELECT event_id, account, state, due_ms, http_status, error_code, duration_ms, at_ms, ''::bytea
FROM unnest($2::text[], $3::bigint[]) AS wanted (sid, event), LATERAL (
  SELECT * FROM attempt WHERE attempt.account = $1 AND attempt.message_sid = wanted.sid AND event_id = wanted.event
  ORDER BY attempt.id DESC LIMIT 1
) AS last

-- forget_details --
UPDATE attempt SET detail = '' WHERE account = $1 AND message_sid = $2

-- trim_attempts --
DELETE FROM attempt WHERE account = $1 AND message_sid = $2 AND id <= (
  SELECT id FROM attempt WHERE account = $1 AND message_sid = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)

-- delete_events --
DELETE FROM event WHERE account = $1 AND message_sid = $2

-- delete_attempts --
DELETE FROM attempt WHERE account = $1 AND message_sid = $2
