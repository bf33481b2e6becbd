-- columns --
account, sid, friendly_name, sticky_sender, smart_encoding, area_code_geomatch, validity_period_s,
use_inbound_webhook_on_number, has_status_callback, standing, created_ms, updated_ms

-- insert --
INSERT INTO messaging_service ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- service --
SELECT {columns} FROM messaging_service WHERE account = ? AND sid = ?

-- place --
SELECT created_ms FROM messaging_service WHERE account = ? AND sid = ?

-- list --
SELECT {columns} FROM messaging_service WHERE account = ? AND (created_ms, sid) < (?, ?)
ORDER BY created_ms DESC, sid DESC LIMIT ?

-- update --
UPDATE messaging_service SET friendly_name = ?3, sticky_sender = ?4, smart_encoding = ?5, area_code_geomatch = ?6,
  validity_period_s = ?7, use_inbound_webhook_on_number = ?8, has_status_callback = ?9, standing = ?10, updated_ms = ?11
WHERE account = ?1 AND sid = ?2

-- delete --
DELETE FROM messaging_service WHERE account = ? AND sid = ?

-- unpool_all --
DELETE FROM pool_number WHERE account = ? AND service_sid = ?

-- forget_all --
DELETE FROM sticky_sender WHERE account = ? AND service_sid = ?

-- pool_of --
SELECT service_sid FROM pool_number WHERE account = ? AND number_sid = ?

-- size --
SELECT count(*) FROM pool_number WHERE account = ? AND service_sid = ?

-- owned --
SELECT 1 FROM number WHERE account = ? AND sid = ?

-- pool_insert --
INSERT INTO pool_number (account, service_sid, number_sid, created_ms) VALUES (?, ?, ?, ?)

-- unpool --
DELETE FROM pool_number WHERE account = ? AND service_sid = ? AND number_sid = ?

-- forget --
DELETE FROM sticky_sender WHERE account = ? AND service_sid = ? AND number_sid = ?

-- pooled_columns --
p.account, p.service_sid, p.number_sid, n.number, n.region, n.capabilities, p.created_ms

-- pool_place --
SELECT created_ms FROM pool_number WHERE account = ? AND number_sid = ?

-- pool --
SELECT {pooled_columns} FROM pool_number AS p JOIN number AS n ON n.account = p.account AND n.sid = p.number_sid
WHERE p.account = ? AND p.service_sid = ? AND (p.created_ms, p.number_sid) < (?, ?)
ORDER BY p.created_ms DESC, p.number_sid DESC LIMIT ?

-- pooled --
SELECT {pooled_columns} FROM pool_number AS p JOIN number AS n ON n.account = p.account AND n.sid = p.number_sid
WHERE p.account = ? AND p.service_sid = ? AND p.number_sid = ?

-- service_of --
SELECT {columns} FROM messaging_service
WHERE account = ?1 AND sid = (SELECT service_sid FROM pool_number WHERE account = ?1 AND number_sid = ?2)

-- sticky --
SELECT {pooled_columns} FROM sticky_sender AS s
JOIN pool_number AS p ON p.account = s.account AND p.number_sid = s.number_sid AND p.service_sid = s.service_sid
JOIN number AS n ON n.account = s.account AND n.sid = s.number_sid
WHERE s.account = ? AND s.service_sid = ? AND s.recipient = ?

-- stick --
INSERT INTO sticky_sender (account, service_sid, recipient, number_sid, created_ms) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, service_sid, recipient) DO UPDATE SET number_sid = excluded.number_sid,
  created_ms = excluded.created_ms
WHERE NOT EXISTS (
  SELECT 1 FROM pool_number AS p
  WHERE p.account = sticky_sender.account AND p.number_sid = sticky_sender.number_sid
    AND p.service_sid = sticky_sender.service_sid
)

-- stuck --
SELECT number_sid FROM sticky_sender WHERE account = ? AND service_sid = ? AND recipient = ?
