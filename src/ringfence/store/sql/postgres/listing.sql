-- columns --
account, sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, num_segments, num_media,
messaging_service_sid, error_code, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, valid_until_ms,
sequence, carrier, carrier_ref, has_callback, body_redacted

-- bounds --
-- Texts that bring codes (VL) are in no list.
account = $1 AND (created_ms, sid) < ($2, $3) AND created_ms >= $4
  AND left(sid, 2) <> 'VL'

-- page --
ORDER BY created_ms DESC, sid DESC LIMIT $5

-- place --
SELECT created_ms FROM message WHERE account = $1 AND sid = $2

-- all --
SELECT {columns} FROM message WHERE {bounds} {page}

-- ended --
SELECT {columns} FROM message WHERE final AND status = $6 AND {bounds} AND (direction = $7 OR $7::text IS NULL) {page}

-- by_local --
SELECT {columns} FROM message WHERE {bounds} AND local = $7 AND (direction = 'inbound') = $6 {page}

-- by_remote --
-- Found by remote number first: the planner does not know how few they are.
WITH found AS MATERIALIZED (SELECT * FROM message WHERE account = $1 AND remote_index = ANY($8::bytea[]))
SELECT {columns} FROM found
WHERE {bounds} AND ($7::text IS NULL OR local = $7) AND (direction = 'inbound') = $6 {page}
