-- columns --
account, sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, num_segments, num_media,
messaging_service_sid, error_code, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, valid_until_ms,
sequence, carrier, carrier_ref, has_callback, body_redacted

-- bounds --
-- Texts that bring codes (VL) are in no list.
account = :account AND (created_ms, sid) < (:before_ms, :before_sid) AND created_ms >= :from_ms
  AND substr(sid, 1, 2) <> 'VL'

-- page --
ORDER BY created_ms DESC, sid DESC LIMIT :limit

-- place --
SELECT created_ms FROM message WHERE account = ? AND sid = ?

-- all --
SELECT {columns} FROM message INDEXED BY message_created WHERE {bounds} {page}

-- ended --
SELECT {columns} FROM message INDEXED BY message_ended
WHERE final = 1 AND status = :status AND {bounds} AND (direction = :direction OR :direction IS NULL) {page}

-- by_local --
SELECT {columns} FROM message INDEXED BY message_local
WHERE {bounds} AND local = :local AND (direction = 'inbound') = :inbound {page}

-- by_remote --
-- The caller fills in as many parameters as there are indexes.
SELECT {columns} FROM message INDEXED BY message_remote
WHERE {bounds} AND remote_index IN ({indexes}) AND coalesce(local = :local, 1)
  AND (direction = 'inbound') = :inbound {page}
