-- columns --
account, sid, parent_sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, phone_number_sid,
created_ms, updated_ms, ringing_ms, answered_ms, ended_ms, price_micros, price_unit, sip_status, error_code, route,
sequence, owner, rate_micros

-- order_columns --
id, account, call_sid, kind, argument, content, at_ms

-- waiting --
status = 'queued' AND direction = 'outbound-api' AND owner = ''

-- waiting_accounts --
-- One look an account, in order of sid: an account with a million calls is one step.
WITH RECURSIVE turn (account) AS (
  SELECT (SELECT account FROM call INDEXED BY call_waiting WHERE {waiting} AND account > ?1 ORDER BY account LIMIT 1)
  UNION ALL
  SELECT (SELECT call.account FROM call INDEXED BY call_waiting
    WHERE {waiting} AND call.account > turn.account ORDER BY call.account LIMIT 1)
  FROM turn WHERE turn.account IS NOT NULL
)
SELECT account FROM turn
WHERE account IS NOT NULL AND account NOT IN (SELECT value FROM json_each(?2))
LIMIT ?3

-- oldest --
-- Of each account the oldest; the first of all of them come before the second of any.
SELECT {columns} FROM (
  SELECT one.*, row_number() OVER (PARTITION BY account ORDER BY created_ms, sid) AS place
  FROM json_each(?1) AS turn CROSS JOIN call AS one ON one.id IN (
    SELECT id FROM call INDEXED BY call_waiting WHERE {waiting} AND account = turn.value
    ORDER BY created_ms, sid LIMIT ?2)
)
ORDER BY place, created_ms, sid LIMIT ?3

-- own --
UPDATE call SET owner = ?1 WHERE account = ?2 AND sid = ?3

-- hold --
INSERT INTO call_owner (owner, until_ms) VALUES (?1, ?2) ON CONFLICT (owner) DO UPDATE SET until_ms = excluded.until_ms

-- forget_owners --
-- Who has not been heard of for long, and runs nothing.
DELETE FROM call_owner
WHERE until_ms < ?1 AND NOT EXISTS (SELECT 1 FROM call WHERE call.owner = call_owner.owner AND call.owner <> '')

-- orphaned --
SELECT {columns} FROM call INDEXED BY call_owned
WHERE owner <> '' AND owner IN (
  SELECT one.owner FROM (SELECT DISTINCT owner FROM call INDEXED BY call_owned WHERE owner <> '') AS one
  WHERE NOT EXISTS (SELECT 1 FROM call_owner AS known WHERE known.owner = one.owner AND known.until_ms > ?1))
ORDER BY created_ms, sid LIMIT ?2

-- owned --
SELECT {columns} FROM call WHERE owner <> '' AND owner = ? ORDER BY created_ms, sid

-- is_live --
SELECT 1 FROM call WHERE account = ? AND sid = ? AND status IN ('queued', 'ringing', 'in-progress')

-- count_orders --
SELECT count(*) FROM call_order WHERE account = ? AND call_sid = ?

-- insert_order --
INSERT INTO call_order (account, call_sid, kind, argument, content, at_ms) VALUES (?, ?, ?, ?, ?, ?)

-- any_order --
SELECT 1 FROM call_order LIMIT 1

-- orders_of --
-- Orders are few, a process's calls are many.
SELECT o.id, o.account, o.call_sid, o.kind, o.argument, o.content, o.at_ms
FROM call_order AS o CROSS JOIN call ON call.account = o.account AND call.sid = o.call_sid
WHERE call.owner <> '' AND call.owner = ? ORDER BY o.id LIMIT ?

-- delete_order --
DELETE FROM call_order WHERE id = ?
