-- columns --
account, sid, friendly_name, standing, created_ms, updated_ms

-- insert --
INSERT INTO application ({columns}) VALUES (?, ?, ?, ?, ?, ?)

-- application --
SELECT {columns} FROM application WHERE account = ? AND sid = ?

-- place --
SELECT created_ms FROM application WHERE account = ? AND sid = ?

-- list --
SELECT {columns} FROM application
WHERE account = ?1 AND (created_ms, sid) < (?2, ?3) AND (?4 IS NULL OR friendly_name = ?4)
ORDER BY created_ms DESC, sid DESC LIMIT ?5

-- update --
UPDATE application SET friendly_name = ?3, standing = ?4, updated_ms = ?5 WHERE account = ?1 AND sid = ?2

-- delete --
DELETE FROM application WHERE account = ? AND sid = ?
