-- columns --
account, sid, service, epoch, content, created_ms, expires_ms, identity_index

-- insert --
INSERT INTO verify_enrolment ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- enrolment --
SELECT {columns} FROM verify_enrolment WHERE account = ? AND service = ? AND sid = ? AND expires_ms > ?

-- forget --
DELETE FROM verify_enrolment WHERE expires_ms <= ?
