-- columns --
account, sid, service, epoch, content, created_ms, expires_ms, identity_index

-- insert --
INSERT INTO verify_enrolment ({columns})
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[], $6::bigint[], $7::bigint[], $8::bytea[]
)

-- enrolment --
SELECT {columns} FROM verify_enrolment WHERE account = $1 AND service = $2 AND sid = $3 AND expires_ms > $4

-- forget --
-- What another writer is erasing is left to it, so that no two wait for each other.
DELETE FROM verify_enrolment WHERE (account, service, sid) IN (
  SELECT account, service, sid FROM verify_enrolment WHERE expires_ms <= $1 FOR UPDATE SKIP LOCKED
)
