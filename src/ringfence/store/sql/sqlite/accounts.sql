-- account_columns --
sid, tenant, parent, friendly_name, status, type, created_ms, updated_ms, networks, client_keys

-- credential_columns --
account, sid, kind, verifier, hmac_states, friendly_name, created_ms, updated_ms, policy, networks, canary, watched,
reaction, ends_ms

-- insert_account --
INSERT INTO account ({account_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- account --
SELECT {account_columns} FROM account WHERE sid = ?

-- status --
SELECT status FROM account WHERE sid = ?

-- place --
SELECT created_ms FROM account WHERE sid = ?

-- of_tenant --
SELECT {account_columns} FROM account WHERE tenant = ? AND (created_ms, sid) < (?, ?)
ORDER BY created_ms DESC, sid DESC LIMIT ?

-- top_level --
SELECT {account_columns} FROM account WHERE parent IS NULL AND (created_ms, sid) < (?, ?)
ORDER BY created_ms DESC, sid DESC LIMIT ?

-- tenants --
SELECT {account_columns} FROM (
  SELECT sid AS found FROM (
    SELECT created_ms, sid, status, friendly_name FROM account INDEXED BY account_narrowed
    WHERE parent IS NULL AND (created_ms, sid) < (?1, ?2) AND created_ms >= ?3
    ORDER BY created_ms DESC, sid DESC LIMIT ?8
  ) WHERE (?4 = '' OR status = ?4) AND substr(sid, 1, length(?5)) = ?5
    AND substr(lower(friendly_name), 1, length(?6)) = ?6
  ORDER BY created_ms DESC, sid DESC LIMIT ?7
) JOIN account ON sid = found ORDER BY created_ms DESC, sid DESC

-- tenants_edge --
SELECT sid FROM account INDEXED BY account_narrowed
WHERE parent IS NULL AND (created_ms, sid) < (?1, ?2) AND created_ms >= ?3
ORDER BY created_ms DESC, sid DESC LIMIT 2 OFFSET ?4

-- may_be_active --
(status = 'active' OR NOT EXISTS (
  SELECT 1 FROM frozen WHERE kind = 'platform' OR (kind = 'account' AND name = ?1)))

-- update_account --
UPDATE account SET friendly_name = ?2, status = ?3, type = ?4, updated_ms = ?5
WHERE sid = ?1 AND status = ?6 AND (?3 <> 'active' OR {may_be_active})

-- set_status --
UPDATE account SET status = ?2, updated_ms = max(?4, updated_ms + 1)
WHERE sid = ?1 AND status = ?3 AND (?2 <> 'active' OR {may_be_active})

-- insert_credential --
INSERT INTO credential ({credential_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- put_credential --
{insert_credential}
ON CONFLICT (account, sid) DO UPDATE SET kind = excluded.kind, verifier = excluded.verifier,
  hmac_states = excluded.hmac_states, friendly_name = excluded.friendly_name, updated_ms = excluded.updated_ms

-- rename_credential --
UPDATE credential SET friendly_name = ?3, updated_ms = ?4 WHERE account = ?1 AND sid = ?2

-- restrict_credential --
UPDATE credential SET policy = coalesce(?3, policy), networks = coalesce(?4, networks),
  canary = coalesce(?5, canary), watched = coalesce(?6, watched), reaction = coalesce(?7, reaction),
  ends_ms = coalesce(?8, ends_ms), updated_ms = ?9
WHERE account = ?1 AND sid = ?2

-- owner --
SELECT account FROM credential WHERE sid = ?1

-- restrict_account --
UPDATE account SET networks = ?2, updated_ms = ?3 WHERE sid = ?1

-- set_client_keys --
UPDATE account SET client_keys = ?2, updated_ms = ?4 WHERE sid = ?1 AND client_keys = ?3

-- note_use --
INSERT INTO credential_use (account, sid, used_ms, networks)
SELECT account, sid, ?3, ?4 FROM credential WHERE account = ?1 AND sid = ?2
ON CONFLICT (account, sid) DO UPDATE SET used_ms = max(used_ms, excluded.used_ms), networks = CASE
  WHEN ?4 = '' OR instr(' ' || networks || ' ', ' ' || ?4 || ' ') > 0 OR length(networks) + length(?4) >= ?5
  THEN networks ELSE trim(networks || ' ' || ?4) END

-- used_ms --
SELECT used_ms FROM credential_use WHERE account = ? AND sid = ?

-- known_networks --
SELECT networks FROM credential_use WHERE account = ? AND sid = ?

-- forget_use --
DELETE FROM credential_use WHERE account = ? AND sid = ?

-- credential --
SELECT {credential_columns} FROM credential WHERE sid = ?

-- credential_place --
SELECT created_ms FROM credential WHERE account = ? AND sid = ?

-- api_keys --
SELECT {credential_columns} FROM credential
WHERE account = ? AND kind = 'api_key' AND (created_ms, sid) < (?, ?)
ORDER BY created_ms DESC, sid DESC LIMIT ?

-- delete_credential --
DELETE FROM credential WHERE account = ? AND sid = ?

-- key_columns --
credential.account, credential.sid, kind, friendly_name, created_ms, updated_ms, policy, credential.networks, canary, watched,
reaction, used_ms, ends_ms

-- key --
SELECT {key_columns} FROM credential LEFT JOIN credential_use USING (account, sid)
WHERE account = ? AND sid = ? AND kind = 'api_key'

-- keys --
SELECT {key_columns} FROM credential LEFT JOIN credential_use USING (account, sid)
WHERE account = ? AND kind = 'api_key' AND (created_ms, sid) < (?, ?)
ORDER BY created_ms DESC, sid DESC LIMIT ?
