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
  SELECT (SELECT account FROM call WHERE {waiting} AND account > $1 ORDER BY account LIMIT 1)
  UNION ALL
  SELECT (SELECT call.account FROM call WHERE {waiting} AND call.account > turn.account ORDER BY call.account LIMIT 1)
  FROM turn WHERE turn.account IS NOT NULL
)
SELECT account FROM turn WHERE account IS NOT NULL AND account <> ALL ($2::text[]) LIMIT $3

-- oldest --
-- Of each account the oldest; the first of all of them come before the second of any. What another takes at this
-- moment is passed over.
WITH free AS MATERIALIZED (
  SELECT one.* FROM unnest($1::text[]) AS turn (account), LATERAL (
    SELECT {columns} FROM call WHERE {waiting} AND call.account = turn.account
    ORDER BY created_ms, sid LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
  ) AS one
)
SELECT {columns} FROM (
  SELECT *, row_number() OVER (PARTITION BY account ORDER BY created_ms, sid) AS place FROM free
) AS placed
ORDER BY place, created_ms, sid LIMIT $3

-- own --
UPDATE call SET owner = $1 FROM unnest($2::text[], $3::text[]) AS key (account, sid)
WHERE call.account = key.account AND call.sid = key.sid

-- hold --
INSERT INTO call_owner (owner, until_ms) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET until_ms = excluded.until_ms

-- forget_owners --
-- Who has not been heard of for long, and runs nothing.
DELETE FROM call_owner
WHERE until_ms < $1 AND NOT EXISTS (SELECT 1 FROM call WHERE call.owner = call_owner.owner AND call.owner <> '')

-- orphaned --
SELECT {columns} FROM call
WHERE owner <> '' AND owner IN (
  SELECT one.owner FROM (SELECT DISTINCT owner FROM call WHERE owner <> '') AS one
  WHERE NOT EXISTS (SELECT 1 FROM call_owner AS known WHERE known.owner = one.owner AND known.until_ms > $1))
ORDER BY created_ms, sid LIMIT $2

-- owned --
SELECT {columns} FROM call WHERE owner <> '' AND owner = $1 ORDER BY created_ms, sid

-- live --
-- Held until the transaction ends: a call that ends meanwhile forgets the order too.
SELECT 1 FROM call WHERE account = $1 AND sid = $2 AND status IN ('queued', 'ringing', 'in-progress')
FOR NO KEY UPDATE

-- count_orders --
SELECT count(*) FROM call_order WHERE account = $1 AND call_sid = $2

-- insert_order --
INSERT INTO call_order (account, call_sid, kind, argument, content, at_ms) VALUES ($1, $2, $3, $4, $5, $6)

-- any_order --
SELECT 1 FROM call_order LIMIT 1

-- take_orders --
-- Orders are few, a process's calls are many.
DELETE FROM call_order AS gone USING (
  SELECT o.account, o.call_sid, o.id FROM call_order AS o JOIN call ON call.account = o.account AND call.sid = o.call_sid
  WHERE call.owner <> '' AND call.owner = $1 ORDER BY o.id LIMIT $2
) AS taken
WHERE gone.account = taken.account AND gone.call_sid = taken.call_sid AND gone.id = taken.id
RETURNING gone.id, gone.account, gone.call_sid, gone.kind, gone.argument, gone.content, gone.at_ms
