-- account_columns --
sid, tenant, parent, friendly_name, status, type, created_ms, updated_ms, networks, client_keys

-- credential_columns --
account, sid, kind, verifier, hmac_states, friendly_name, created_ms, updated_ms, policy, networks, canary, watched,
reaction, ends_ms

-- insert_account --
INSERT INTO account ({account_columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING

-- account --
SELECT {account_columns} FROM account WHERE sid = $1

-- place --
SELECT created_ms FROM account WHERE sid = $1

-- of_tenant --
SELECT {account_columns} FROM account WHERE tenant = $1 AND (created_ms, sid) < ($2, $3)
ORDER BY created_ms DESC, sid DESC LIMIT $4

-- top_level --
SELECT {account_columns} FROM account WHERE parent IS NULL AND (created_ms, sid) < ($1, $2)
ORDER BY created_ms DESC, sid DESC LIMIT $3

-- tenants --
SELECT {account_columns} FROM (
  SELECT {account_columns} FROM account WHERE parent IS NULL AND (created_ms, sid) < ($1, $2) AND created_ms >= $3
  ORDER BY created_ms DESC, sid DESC LIMIT $8
) AS looked WHERE ($4 = '' OR status = $4) AND starts_with(sid, $5)
  AND starts_with(lower(friendly_name COLLATE "C"), $6)
ORDER BY created_ms DESC, sid DESC LIMIT $7

-- tenants_edge --
SELECT sid FROM account WHERE parent IS NULL AND (created_ms, sid) < ($1, $2) AND created_ms >= $3
ORDER BY created_ms DESC, sid DESC LIMIT 2 OFFSET $4

-- turn --
SELECT status FROM account WHERE sid = $1 FOR UPDATE

-- may_be_active --
(status = 'active' OR NOT EXISTS (
  SELECT 1 FROM frozen WHERE kind = 'platform' OR (kind = 'account' AND name = $1)))

-- update_account --
UPDATE account SET friendly_name = $2, status = $3, type = $4, updated_ms = $5
WHERE sid = $1 AND status = $6 AND ($3 <> 'active' OR {may_be_active})

-- set_status --
UPDATE account SET status = $2, updated_ms = greatest($4, updated_ms + 1)
WHERE sid = $1 AND status = $3 AND ($2 <> 'active' OR {may_be_active})

-- insert_credential --
INSERT INTO credential ({credential_columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- insert_new_credential --
{insert_credential}
ON CONFLICT DO NOTHING

-- put_credential --
-- A sid of another account is left alone, which shows in the count.
{insert_credential}
ON CONFLICT (sid) DO UPDATE SET kind = excluded.kind, verifier = excluded.verifier,
  hmac_states = excluded.hmac_states, friendly_name = excluded.friendly_name, updated_ms = excluded.updated_ms
WHERE credential.account = excluded.account

-- rename_credential --
UPDATE credential SET friendly_name = $3, updated_ms = $4 WHERE account = $1 AND sid = $2

-- restrict_credential --
UPDATE credential SET policy = coalesce($3, policy), networks = coalesce($4, networks),
  canary = coalesce($5, canary), watched = coalesce($6, watched), reaction = coalesce($7, reaction),
  ends_ms = coalesce($8, ends_ms), updated_ms = $9
WHERE account = $1 AND sid = $2

-- owner --
SELECT account FROM credential WHERE sid = $1

-- restrict_account --
UPDATE account SET networks = $2, updated_ms = $3 WHERE sid = $1

-- set_client_keys --
UPDATE account SET client_keys = $2, updated_ms = $4 WHERE sid = $1 AND client_keys = $3

-- note_use --
INSERT INTO credential_use (account, sid, used_ms, networks)
SELECT account, sid, $3::bigint, $4::text FROM credential WHERE account = $1 AND sid = $2
ON CONFLICT (account, sid) DO UPDATE SET used_ms = greatest(credential_use.used_ms, excluded.used_ms),
networks = CASE
  WHEN $4 = '' OR position(' ' || $4 || ' ' in ' ' || credential_use.networks || ' ') > 0
    OR length(credential_use.networks) + length($4) >= $5::bigint
  THEN credential_use.networks ELSE trim(credential_use.networks || ' ' || $4) END

-- used_ms --
SELECT used_ms FROM credential_use WHERE account = $1 AND sid = $2

-- known_networks --
SELECT networks FROM credential_use WHERE account = $1 AND sid = $2

-- forget_use --
DELETE FROM credential_use WHERE account = $1 AND sid = $2

-- credential --
SELECT {credential_columns} FROM credential WHERE sid = $1

-- credential_place --
SELECT created_ms FROM credential WHERE account = $1 AND sid = $2

-- api_keys --
SELECT {credential_columns} FROM credential
WHERE account = $1 AND kind = 'api_key' AND (created_ms, sid) < ($2, $3)
ORDER BY created_ms DESC, sid DESC LIMIT $4

-- delete_credential --
DELETE FROM credential WHERE account = $1 AND sid = $2

-- key_columns --
credential.account, credential.sid, kind, friendly_name, created_ms, updated_ms, policy, credential.networks, canary, watched,
reaction, used_ms, ends_ms

-- key --
SELECT {key_columns} FROM credential LEFT JOIN credential_use USING (account, sid)
WHERE account = $1 AND sid = $2 AND kind = 'api_key'

-- keys --
SELECT {key_columns} FROM credential LEFT JOIN credential_use USING (account, sid)
WHERE account = $1 AND kind = 'api_key' AND (created_ms, sid) < ($2, $3)
ORDER BY created_ms DESC, sid DESC LIMIT $4
