-- columns --
account, sid, friendly_name, sticky_sender, smart_encoding, area_code_geomatch, validity_period_s,
use_inbound_webhook_on_number, has_status_callback, standing, created_ms, updated_ms

-- insert --
INSERT INTO messaging_service ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT DO NOTHING

-- service --
SELECT {columns} FROM messaging_service WHERE account = $1 AND sid = $2

-- place --
SELECT created_ms FROM messaging_service WHERE account = $1 AND sid = $2

-- list --
SELECT {columns} FROM messaging_service WHERE account = $1 AND (created_ms, sid) < ($2, $3)
ORDER BY created_ms DESC, sid DESC LIMIT $4

-- update --
UPDATE messaging_service SET friendly_name = $3, sticky_sender = $4, smart_encoding = $5, area_code_geomatch = $6,
  validity_period_s = $7, use_inbound_webhook_on_number = $8, has_status_callback = $9, standing = $10, updated_ms = $11
WHERE account = $1 AND sid = $2

-- delete --
DELETE FROM messaging_service WHERE account = $1 AND sid = $2

-- unpool_all --
DELETE FROM pool_number WHERE account = $1 AND service_sid = $2

-- forget_all --
DELETE FROM sticky_sender WHERE account = $1 AND service_sid = $2

-- pool_of --
SELECT service_sid FROM pool_number WHERE account = $1 AND number_sid = $2

-- size --
SELECT count(*) FROM pool_number WHERE account = $1 AND service_sid = $2

-- hold_service --
-- Until the commit, so that neither goes while a number is added: one at a time a service, so that none adds too many.
SELECT 1 FROM messaging_service WHERE account = $1 AND sid = $2 FOR NO KEY UPDATE

-- hold_number --
SELECT 1 FROM number WHERE account = $1 AND sid = $2 FOR KEY SHARE

-- pool_insert --
INSERT INTO pool_number (account, service_sid, number_sid, created_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING

-- unpool --
DELETE FROM pool_number WHERE account = $1 AND service_sid = $2 AND number_sid = $3

-- forget --
DELETE FROM sticky_sender WHERE account = $1 AND service_sid = $2 AND number_sid = $3

-- pooled_columns --
p.account, p.service_sid, p.number_sid, n.number, n.region, n.capabilities, p.created_ms

-- pool_place --
SELECT created_ms FROM pool_number WHERE account = $1 AND number_sid = $2

-- pool --
SELECT {pooled_columns} FROM pool_number AS p JOIN number AS n ON n.account = p.account AND n.sid = p.number_sid
WHERE p.account = $1 AND p.service_sid = $2 AND (p.created_ms, p.number_sid) < ($3, $4)
ORDER BY p.created_ms DESC, p.number_sid DESC LIMIT $5

-- pooled --
SELECT {pooled_columns} FROM pool_number AS p JOIN number AS n ON n.account = p.account AND n.sid = p.number_sid
WHERE p.account = $1 AND p.service_sid = $2 AND p.number_sid = $3

-- service_of --
SELECT {columns} FROM messaging_service
WHERE account = $1 AND sid = (SELECT service_sid FROM pool_number WHERE account = $1 AND number_sid = $2)

-- sticky --
SELECT {pooled_columns} FROM sticky_sender AS s
JOIN pool_number AS p ON p.account = s.account AND p.number_sid = s.number_sid AND p.service_sid = s.service_sid
JOIN number AS n ON n.account = s.account AND n.sid = s.number_sid
WHERE s.account = $1 AND s.service_sid = $2 AND s.recipient = $3

-- stick --
INSERT INTO sticky_sender (account, service_sid, recipient, number_sid, created_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account, service_sid, recipient) DO UPDATE SET number_sid = excluded.number_sid,
  created_ms = excluded.created_ms
WHERE NOT EXISTS (
  SELECT 1 FROM pool_number AS p
  WHERE p.account = sticky_sender.account AND p.number_sid = sticky_sender.number_sid
    AND p.service_sid = sticky_sender.service_sid
)

-- stuck --
SELECT number_sid FROM sticky_sender WHERE account = $1 AND service_sid = $2 AND recipient = $3
