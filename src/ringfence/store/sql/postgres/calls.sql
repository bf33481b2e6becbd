-- columns --
account, sid, parent_sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, phone_number_sid,
created_ms, updated_ms, ringing_ms, answered_ms, ended_ms, price_micros, price_unit, sip_status, error_code, route,
sequence, owner, rate_micros

-- insert --
INSERT INTO call ({columns})
SELECT {columns}
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[],
  $10::bigint[], $11::bytea[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
  $18::bigint[], $19::text[], $20::bigint[], $21::bigint[], $22::text[], $23::bigint[], $24::text[],
  $25::bigint[])
  WITH ORDINALITY AS line ({columns}, number)
ORDER BY number
ON CONFLICT (account, sid) DO NOTHING
RETURNING account, sid

-- call --
SELECT {columns} FROM call WHERE account = $1 AND sid = $2

-- calls_of --
SELECT {columns} FROM call JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)

-- hold --
-- Locked in order of the key, in which everybody locks calls.
SELECT {columns} FROM call JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)
ORDER BY account, sid
FOR NO KEY UPDATE OF call

-- change --
UPDATE call SET status = new.status, updated_ms = new.updated_ms, ringing_ms = new.ringing_ms,
  answered_ms = new.answered_ms, ended_ms = new.ended_ms, price_micros = new.price_micros,
  sip_status = new.sip_status, error_code = new.error_code, route = new.route, sequence = new.sequence,
  owner = new.owner
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::text[])
  AS new (account, sid, status, updated_ms, ringing_ms, answered_ms, ended_ms, price_micros, sip_status, error_code,
    route, sequence, owner)
WHERE call.account = new.account AND call.sid = new.sid

-- rewrite --
UPDATE call SET content = $3, updated_ms = $4 WHERE account = $1 AND sid = $2

-- delete --
DELETE FROM call WHERE account = $1 AND sid = $2 AND status NOT IN ('queued', 'ringing', 'in-progress')

-- delete_steps --
DELETE FROM call_step WHERE account = $1 AND call_sid = $2

-- delete_orders --
DELETE FROM call_order USING unnest($1::text[], $2::text[]) AS key (account, sid)
WHERE call_order.account = key.account AND call_sid = key.sid

-- live_calls --
SELECT count(*) FROM call WHERE account = $1 AND status IN ('ringing', 'in-progress')

-- place --
SELECT created_ms FROM call WHERE account = $1 AND sid = $2

-- page --
-- What hangs on a verification (VE) is in its list alone.
account = $1 AND (created_ms, sid) < ($2, $3) AND created_ms >= $4
  AND ($5::text IS NULL OR status = $5) AND CASE WHEN $6::text IS NULL THEN coalesce(left(parent_sid, 2), '') <> 'VE' ELSE parent_sid = $6 END
  AND ($7::bigint IS NULL OR ended_ms >= $7) AND ($8::bigint IS NULL OR ended_ms < $8)

-- order --
ORDER BY created_ms DESC, sid DESC LIMIT $9

-- all --
SELECT {columns} FROM call WHERE {page} {order}

-- by_parent --
SELECT {columns} FROM call WHERE parent_sid = $6 AND {page} {order}

-- by_local --
SELECT {columns} FROM call WHERE {page} AND local = $11 AND (direction = 'inbound') = $10 {order}

-- by_remote --
-- Found by remote number first: the planner does not know how few they are.
WITH found AS MATERIALIZED (SELECT * FROM call WHERE account = $1 AND remote_index = ANY($12::bytea[]))
SELECT {columns} FROM found
WHERE {page} AND ($11::text IS NULL OR local = $11) AND (direction = 'inbound') = $10 {order}
