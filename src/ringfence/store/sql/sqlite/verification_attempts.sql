-- columns --
account, sid, verification, service, to_index, channel, country, at_ms, converted, refusal, why

-- insert --
INSERT INTO verification_attempt ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
RETURNING account, sid

-- convert --
UPDATE verification_attempt INDEXED BY verification_attempt_of SET converted = 1
WHERE account = ? AND verification = ? AND refusal IS NULL AND converted = 0 RETURNING service, channel, at_ms

-- refuse --
UPDATE verification_attempt SET refusal = ?3, why = ?4 WHERE account = ?1 AND sid = ?2

-- row --
SELECT {columns} FROM verification_attempt WHERE account = ? AND sid = ?

-- place --
SELECT at_ms FROM verification_attempt WHERE account = ? AND sid = ?

-- bounds --
account = :account AND (at_ms, sid) < (:before_ms, :before_sid) AND at_ms >= :from_ms
  AND coalesce(service = :service, 1) AND coalesce(channel = :channel, 1) AND coalesce(country = :country, 1)
  AND coalesce(converted = :converted, 1)

-- page --
ORDER BY at_ms DESC, sid DESC LIMIT :limit

-- all --
SELECT {columns} FROM verification_attempt INDEXED BY verification_attempt_made WHERE {bounds} {page}

-- by_service --
SELECT {columns} FROM verification_attempt INDEXED BY verification_attempt_service
WHERE {bounds} AND service = :service {page}

-- by_verification --
SELECT {columns} FROM verification_attempt INDEXED BY verification_attempt_of
WHERE {bounds} AND verification = :verification {page}

-- by_to --
-- The caller fills in as many parameters as there are indexes.
SELECT {columns} FROM verification_attempt INDEXED BY verification_attempt_to
WHERE {bounds} AND to_index IN ({indexes}) {page}

-- count_all --
SELECT count(*), coalesce(sum(refusal IS NULL), 0), coalesce(sum(converted), 0), min(printf('%016d', at_ms) || sid)
FROM ({all})

-- count_by_service --
SELECT count(*), coalesce(sum(refusal IS NULL), 0), coalesce(sum(converted), 0), min(printf('%016d', at_ms) || sid)
FROM ({by_service})
