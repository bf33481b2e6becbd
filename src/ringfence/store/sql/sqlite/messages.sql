-- columns --
account, sid, direction, status, local, remote_index, remote_region, epoch, content, num_segments, num_media,
messaging_service_sid, error_code, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, valid_until_ms,
sequence, carrier, carrier_ref, has_callback, body_redacted

-- insert --
INSERT INTO message ({columns}, place_ms, final)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- insert_new --
{insert} ON CONFLICT (account, sid) DO NOTHING

-- message --
SELECT {columns} FROM message WHERE account = ? AND sid = ?

-- due --
SELECT {columns} FROM message
WHERE final = 0 AND account = ? AND local = ? AND carrier = ? AND place_ms <= ?
ORDER BY place_ms, id LIMIT ?

-- by_carrier_ref --
SELECT {columns} FROM message WHERE carrier = ? AND carrier_ref = ? ORDER BY created_ms DESC, sid DESC LIMIT 1

-- progress --
SELECT account, sid, direction, status, local, carrier, carrier_ref, error_code, price_micros, price_unit,
  num_segments, sequence, sent_ms, has_callback
FROM message WHERE account = ? AND sid = ?

-- change --
UPDATE message SET status = ?3, updated_ms = ?4, sent_ms = ?5, error_code = ?6, carrier_ref = ?7, price_micros = ?8,
  sequence = ?9, place_ms = CASE WHEN ?10 THEN place_ms END, final = ?11, trail = trail || ?12
WHERE account = ?1 AND sid = ?2

-- append_trail --
UPDATE message SET trail = trail || ?3 WHERE account = ?1 AND sid = ?2 AND length(trail) + length(?3) <= ?4

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
ORDER BY sid

-- insert_rated --
INSERT OR IGNORE INTO rated (account, sid, price_micros, price_unit, segments, status, at_ms)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- rated --
SELECT account, sid, price_micros, price_unit, segments, status, at_ms
FROM rated WHERE account = ? ORDER BY sid DESC LIMIT ?
