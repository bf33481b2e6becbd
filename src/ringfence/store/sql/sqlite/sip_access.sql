-- columns --
account, kind, parent, sid, name, shown, friendly_name, secure, registration, emergency, standing, created_ms, updated_ms

-- insert --
INSERT INTO sip_access ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- row --
SELECT {columns} FROM sip_access WHERE account = ? AND kind = ? AND parent = ? AND sid = ?

-- holder --
SELECT 1 FROM sip_access WHERE account = ? AND kind IN ('domain', 'credential_list', 'ip_list') AND parent = ''
  AND sid = ? AND (kind = 'domain') = ?

-- taken --
SELECT 1 FROM sip_access WHERE kind = ?1 AND name = ?2 AND NOT (account = ?3 AND parent = ?4 AND sid = ?5)
  AND (kind = 'domain' OR (kind = 'credential' AND account = ?3 AND parent = ?4))

-- size --
SELECT count(*) FROM sip_access WHERE account = ? AND kind = ? AND parent = ?

-- place --
SELECT created_ms FROM sip_access WHERE account = ? AND kind = ? AND parent = ? AND sid = ?

-- list --
SELECT {columns} FROM sip_access
WHERE account = ?1 AND kind = ?2 AND parent = ?3 AND substr(sid, 1, length(?4)) = ?4 AND (created_ms, sid) < (?5, ?6)
ORDER BY created_ms DESC, sid DESC LIMIT ?7

-- update --
UPDATE sip_access SET name = ?5, shown = ?6, friendly_name = ?7, secure = ?8, registration = ?9, emergency = ?10,
  standing = ?11, updated_ms = ?12
WHERE account = ?1 AND kind = ?2 AND parent = ?3 AND sid = ?4

-- delete --
DELETE FROM sip_access WHERE account = ? AND kind = ? AND parent = ? AND sid = ?

-- delete_below --
DELETE FROM sip_access
WHERE account = ?1 AND (parent = ?2 OR (kind IN ('calls', 'registrations') AND sid = ?2))

-- domain --
SELECT {columns} FROM sip_access WHERE kind = 'domain' AND name = ?

-- below --
SELECT {columns} FROM sip_access WHERE account = ? AND kind = ? AND parent IN (SELECT value FROM json_each(?))

-- credentials --
SELECT {columns} FROM sip_access
WHERE account = ? AND kind = 'credential' AND parent IN (SELECT value FROM json_each(?)) AND name = ?
