-- entity_columns --
account, sid, service, identity_index, epoch, content, created_ms, updated_ms

-- entity_insert --
INSERT INTO verify_entity ({entity_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- entity --
SELECT {entity_columns} FROM verify_entity WHERE account = ? AND service = ? AND identity_index = ?

-- entity_there --
SELECT 1 FROM verify_entity WHERE account = ? AND service = ? AND sid = ?

-- entity_place --
SELECT created_ms FROM verify_entity WHERE account = ? AND service = ? AND sid = ?

-- entities --
SELECT {entity_columns} FROM verify_entity
WHERE account = ?1 AND service = ?2 AND (created_ms, sid) < (?3, ?4)
ORDER BY created_ms DESC, sid DESC LIMIT ?5

-- enrolments_erase --
DELETE FROM verify_enrolment WHERE account = ?1 AND service = ?2 AND identity_index =
  (SELECT identity_index FROM verify_entity WHERE account = ?1 AND service = ?2 AND sid = ?3)

-- entity_delete --
DELETE FROM verify_entity WHERE account = ? AND service = ? AND sid = ?

-- factor_columns --
account, sid, service, entity, factor_type, status, credential_index, version, epoch, content, created_ms, updated_ms

-- factor_insert --
INSERT INTO verify_factor ({factor_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- factor --
SELECT {factor_columns} FROM verify_factor WHERE account = ? AND service = ? AND sid = ?

-- factor_place --
SELECT created_ms FROM verify_factor WHERE account = ?1 AND entity = ?2 AND sid = ?3

-- factors --
SELECT {factor_columns} FROM verify_factor
WHERE account = ?1 AND entity = ?2 AND (created_ms, sid) < (?3, ?4)
ORDER BY created_ms DESC, sid DESC LIMIT ?5

-- factors_count --
SELECT count(*) FROM verify_factor WHERE account = ? AND entity = ?

-- factor_of_credential --
SELECT {factor_columns} FROM verify_factor WHERE account = ? AND service = ? AND credential_index = ?

-- factor_update --
UPDATE verify_factor SET status = ?5, credential_index = ?6, epoch = ?7, content = ?8, updated_ms = ?9,
  version = version + 1
WHERE account = ?1 AND service = ?2 AND sid = ?3 AND version = ?4 AND (status = 'unverified' OR ?5 = 'verified')

-- factor_delete --
DELETE FROM verify_factor WHERE account = ? AND service = ? AND sid = ?

-- factors_erase --
DELETE FROM verify_factor WHERE account = ? AND entity = ? RETURNING {factor_columns}

-- challenge_columns --
account, sid, service, entity, factor, factor_type, status, epoch, content, shown, metadata, created_ms, updated_ms,
  responded_ms, expires_ms, matched

-- challenge_insert --
INSERT INTO verify_challenge ({challenge_columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- challenge --
SELECT {challenge_columns} FROM verify_challenge WHERE account = ? AND service = ? AND sid = ?

-- challenge_place --
SELECT created_ms FROM verify_challenge WHERE account = ?1 AND entity = ?2 AND sid = ?3

-- challenge_filter --
account = ?1 AND entity = ?2 AND (?3 IS NULL OR factor = ?3)
  AND (?4 IS NULL OR ?4 = CASE WHEN status = 'pending' AND expires_ms <= ?5 THEN 'expired' ELSE status END)

-- challenges --
SELECT {challenge_columns} FROM verify_challenge WHERE {challenge_filter} AND (created_ms, sid) < (?6, ?7)
ORDER BY created_ms DESC, sid DESC LIMIT ?8

-- challenges_oldest_first --
SELECT {challenge_columns} FROM verify_challenge WHERE {challenge_filter} AND (created_ms, sid) > (?6, ?7)
ORDER BY created_ms, sid LIMIT ?8

-- asked --
SELECT count(*) FROM verify_challenge WHERE account = ?1 AND entity = ?2 AND factor_type = ?3 AND created_ms > ?4

-- denied --
SELECT 1 FROM verify_challenge
WHERE account = ?1 AND entity = ?2 AND factor_type = ?3 AND status = 'denied' AND responded_ms > ?4 LIMIT 1

-- answer --
UPDATE verify_challenge SET status = ?4, updated_ms = ?5, responded_ms = ?5, entity = ?6, factor = ?7, metadata = ?8
WHERE account = ?1 AND service = ?2 AND sid = ?3 AND status = 'pending' AND expires_ms > ?5
  AND EXISTS (SELECT 1 FROM verify_factor WHERE account = ?1 AND service = ?2 AND sid = ?7 AND entity = ?6)
RETURNING {challenge_columns}

-- challenges_of_factor_erase --
DELETE FROM verify_challenge WHERE account = ? AND factor = ?

-- challenges_erase --
DELETE FROM verify_challenge WHERE account = ? AND entity = ?

-- challenges_unanswered_erase --
DELETE FROM verify_challenge WHERE account = ? AND entity = '' AND created_ms < ?
