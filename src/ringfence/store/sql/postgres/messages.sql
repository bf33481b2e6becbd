-- columns --
account, sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, num_segments, num_media,
messaging_service_sid, error_code, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, valid_until_ms,
sequence, carrier, carrier_ref, has_callback, body_redacted

-- insert --
-- One statement for a whole group; the rows get their ids in its order.
INSERT INTO message ({columns}, place_ms, final)
SELECT {columns}, place_ms, final
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[], $9::bigint[],
  $10::bytea[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::bigint[], $16::text[], $17::bigint[],
  $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::text[], $24::text[], $25::boolean[],
  $26::boolean[], $27::bigint[], $28::boolean[])
  WITH ORDINALITY AS line ({columns}, place_ms, final, number)
ORDER BY number
ON CONFLICT (account, sid) DO NOTHING
RETURNING account, sid

-- message --
SELECT {columns} FROM message WHERE account = $1 AND sid = $2

-- messages_of --
SELECT {columns} FROM message JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)

-- by_carrier_refs --
SELECT ref, account, sid FROM unnest($2::text[]) AS wanted (ref), LATERAL (
  SELECT account, sid FROM message WHERE carrier = $1 AND carrier_ref = ref ORDER BY created_ms DESC, sid DESC LIMIT 1
) AS newest

-- progress --
-- Locked in order of the key, in which everybody locks messages.
SELECT account, sid, created_ms, direction, status, local, carrier, carrier_ref, error_code, price_micros, price_unit,
  num_segments, sequence, sent_ms, has_callback, length(trail)
FROM message JOIN unnest($1::text[], $2::text[]) AS wanted (account, sid) USING (account, sid)
ORDER BY account, sid
FOR NO KEY UPDATE OF message

-- change --
UPDATE message SET status = new.status, updated_ms = new.updated_ms, sent_ms = new.sent_ms,
  error_code = new.error_code, carrier_ref = new.carrier_ref, price_micros = new.price_micros,
  sequence = new.sequence, place_ms = CASE WHEN new.queued THEN message.place_ms END, final = new.final,
  trail = message.trail || new.trail
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[],
  $9::bigint[], $10::boolean[], $11::boolean[], $12::text[])
  AS new (account, sid, status, updated_ms, sent_ms, error_code, carrier_ref, price_micros, sequence, queued, final,
    trail)
WHERE message.account = new.account AND message.sid = new.sid

-- append_trails --
UPDATE message SET trail = message.trail || new.trail
FROM unnest($1::text[], $2::text[], $3::text[]) AS new (account, sid, trail)
WHERE message.account = new.account AND message.sid = new.sid

-- trail --
SELECT trail FROM message WHERE account = $1 AND sid = $2

-- rewrite --
UPDATE message SET content = $3, updated_ms = $4, body_redacted = $5 WHERE account = $1 AND sid = $2

-- delete --
DELETE FROM message WHERE account = $1 AND sid = $2

-- unfinished --
SELECT sid, due_ms FROM message WHERE NOT final AND account = $1 AND epoch = $2
UNION
SELECT sid, message.due_ms
FROM message JOIN (SELECT DISTINCT message_sid FROM event WHERE account = $1 AND state = 'pending') AS told
  ON message.account = $1 AND message.sid = message_sid
WHERE epoch = $2
UNION
SELECT sid, 0 FROM call
WHERE status IN ('queued', 'ringing', 'in-progress') AND account = $1 AND epoch = $2
UNION
SELECT sid, 0
FROM call JOIN (SELECT DISTINCT message_sid FROM event WHERE account = $1 AND state = 'pending') AS told
  ON call.account = $1 AND call.sid = message_sid
WHERE epoch = $2
UNION
SELECT sid, 0 FROM recording
WHERE status NOT IN ('completed', 'absent', 'deleted') AND account = $1 AND epoch = $2
UNION
SELECT sid, 0
FROM recording JOIN (
  SELECT DISTINCT raw FROM event WHERE account = $1 AND state = 'pending' AND kind LIKE 'recording.%'
) AS told ON recording.account = $1 AND recording.sid = raw
WHERE epoch = $2
UNION
SELECT sid, 0
FROM telling JOIN (SELECT DISTINCT message_sid FROM event WHERE account = $1 AND state = 'pending') AS told
  ON telling.account = $1 AND telling.sid = message_sid
WHERE epoch = $2
ORDER BY sid

-- insert_rated --
INSERT INTO rated (account, sid, price_micros, price_unit, segments, status, at_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
ON CONFLICT DO NOTHING

-- rated --
SELECT account, sid, price_micros, price_unit, segments, status, at_ms
FROM rated WHERE account = $1 ORDER BY sid DESC LIMIT $2
