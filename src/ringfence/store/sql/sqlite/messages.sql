-- columns --
account, sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, num_segments, num_media,
messaging_service_sid, error_code, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, valid_until_ms,
sequence, carrier, carrier_ref, has_callback, body_redacted

-- insert --
INSERT INTO message ({columns}, place_ms, final)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- insert_new --
{insert} ON CONFLICT (account, sid) DO NOTHING

-- message --
SELECT {columns} FROM message WHERE account = ? AND sid = ?

-- due --
SELECT {columns} FROM message
WHERE final = 0 AND account = ? AND local = ? AND carrier = ? AND place_ms <= ?
ORDER BY place_ms, id LIMIT ?

-- messages_of --
SELECT {columns} FROM json_each(?) CROSS JOIN message
  ON account = json_extract(value, '$[0]') AND sid = json_extract(value, '$[1]')

-- by_carrier_refs --
-- Oldest first: of those that share a reference, the last read counts.
SELECT carrier_ref, account, sid FROM message
WHERE carrier = ? AND carrier_ref IN (SELECT value FROM json_each(?)) ORDER BY created_ms, sid

-- progress --
SELECT json_group_array(json_array(account, sid, created_ms, direction, status, local, carrier, carrier_ref, error_code,
  price_micros, price_unit, num_segments, sequence, sent_ms, json(iif(has_callback, 'true', 'false')),
  length(trail)))
FROM message
WHERE (account, sid) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))

-- change --
UPDATE message SET status = json_extract(value, '$[2]'), updated_ms = json_extract(value, '$[3]'),
  sent_ms = json_extract(value, '$[4]'), error_code = json_extract(value, '$[5]'),
  carrier_ref = json_extract(value, '$[6]'), price_micros = json_extract(value, '$[7]'),
  sequence = json_extract(value, '$[8]'), place_ms = iif(json_extract(value, '$[9]'), place_ms, NULL),
  final = json_extract(value, '$[10]'), trail = trail || json_extract(value, '$[11]')
FROM json_each(?)
WHERE account = json_extract(value, '$[0]') AND sid = json_extract(value, '$[1]')

-- append_trails --
UPDATE message SET trail = trail || json_extract(value, '$[2]') FROM json_each(?)
WHERE account = json_extract(value, '$[0]') AND sid = json_extract(value, '$[1]')

-- trail --
SELECT trail FROM message WHERE account = ? AND sid = ?

-- rewrite --
UPDATE message SET content = ?3, updated_ms = ?4, body_redacted = ?5 WHERE account = ?1 AND sid = ?2

-- delete --
DELETE FROM message WHERE account = ? AND sid = ?

-- unfinished --
SELECT sid, due_ms FROM message INDEXED BY message_open WHERE final = 0 AND account = ?1 AND epoch = ?2
UNION
SELECT sid, message.due_ms FROM message JOIN (SELECT DISTINCT message_sid FROM event WHERE account = ?1 AND state = 'pending')
  ON message.account = ?1 AND message.sid = message_sid
WHERE epoch = ?2
UNION
SELECT sid, 0 FROM call INDEXED BY call_live
WHERE status IN ('queued', 'ringing', 'in-progress') AND account = ?1 AND epoch = ?2
UNION
SELECT sid, 0 FROM call JOIN (SELECT DISTINCT message_sid FROM event WHERE account = ?1 AND state = 'pending')
  ON call.account = ?1 AND call.sid = message_sid
WHERE epoch = ?2
UNION
SELECT sid, 0 FROM recording INDEXED BY recording_open
WHERE status NOT IN ('completed', 'absent', 'deleted') AND account = ?1 AND epoch = ?2
UNION
SELECT sid, 0 FROM recording JOIN (
    SELECT DISTINCT raw FROM event WHERE account = ?1 AND state = 'pending' AND kind LIKE 'recording.%')
  ON recording.account = ?1 AND recording.sid = raw
WHERE epoch = ?2
UNION
SELECT sid, 0 FROM telling JOIN (SELECT DISTINCT message_sid FROM event WHERE account = ?1 AND state = 'pending')
  ON telling.account = ?1 AND telling.sid = message_sid
WHERE epoch = ?2
ORDER BY sid

-- insert_rated --
INSERT OR IGNORE INTO rated (account, sid, price_micros, price_unit, segments, status, at_ms)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- insert_many_rated --
INSERT OR IGNORE INTO rated (account, sid, price_micros, price_unit, segments, status, at_ms)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
  json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), json_extract(value, '$[6]')
FROM json_each(?)

-- rated --
SELECT account, sid, price_micros, price_unit, segments, status, at_ms
FROM rated WHERE account = ? ORDER BY sid DESC LIMIT ?
