-- columns --
account, sid, parent_sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, phone_number_sid,
created_ms, updated_ms, ringing_ms, answered_ms, ended_ms, price_micros, price_unit, sip_status, error_code, route,
sequence, owner, rate_micros

-- insert --
INSERT INTO call ({columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, sid) DO NOTHING

-- call --
SELECT {columns} FROM call WHERE account = ? AND sid = ?

-- calls_of --
SELECT {columns} FROM call
WHERE (account, sid) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))

-- change --
UPDATE call SET status = ?3, updated_ms = ?4, ringing_ms = ?5, answered_ms = ?6, ended_ms = ?7, price_micros = ?8,
  sip_status = ?9, error_code = ?10, route = ?11, sequence = ?12, owner = ?13
WHERE account = ?1 AND sid = ?2

-- rewrite --
UPDATE call SET content = ?3, updated_ms = ?4 WHERE account = ?1 AND sid = ?2

-- delete --
DELETE FROM call WHERE account = ? AND sid = ? AND status NOT IN ('queued', 'ringing', 'in-progress')

-- delete_steps --
DELETE FROM call_step WHERE account = ? AND call_sid = ?

-- delete_orders --
DELETE FROM call_order WHERE account = ? AND call_sid = ?

-- live_calls --
SELECT count(*) FROM call INDEXED BY call_live
WHERE status IN ('queued', 'ringing', 'in-progress') AND account = ? AND status <> 'queued'

-- place --
SELECT created_ms FROM call WHERE account = ? AND sid = ?

-- page --
-- What hangs on a verification (VE) is in its list alone.
account = :account AND (created_ms, sid) < (:before_ms, :before_sid) AND created_ms >= :start_from_ms
  AND (:status IS NULL OR status = :status) AND CASE WHEN :parent_sid IS NULL THEN coalesce(substr(parent_sid, 1, 2), '') <> 'VE' ELSE parent_sid = :parent_sid END
  AND (:end_from_ms IS NULL OR ended_ms >= :end_from_ms) AND (:end_to_ms IS NULL OR ended_ms < :end_to_ms)

-- order --
ORDER BY created_ms DESC, sid DESC LIMIT :limit

-- all --
SELECT {columns} FROM call INDEXED BY call_created WHERE {page} {order}

-- by_parent --
SELECT {columns} FROM call INDEXED BY call_parent WHERE parent_sid IS NOT NULL AND parent_sid = :parent_sid AND {page} {order}

-- by_local --
SELECT {columns} FROM call INDEXED BY call_local
WHERE {page} AND local = :local AND (direction = 'inbound') = :inbound {order}

-- by_remote --
-- The caller fills in as many parameters as there are indexes.
SELECT {columns} FROM call INDEXED BY call_remote
WHERE {page} AND remote_index IN ({indexes}) AND coalesce(local = :local, 1)
  AND (direction = 'inbound') = :inbound {order}
