-- add_spend --
INSERT INTO call_spend (account, minute_ms, micros) VALUES (?1, ?2, ?3)
ON CONFLICT (account, minute_ms) DO UPDATE SET micros = micros + excluded.micros

-- forget_spend --
DELETE FROM call_spend WHERE account = ? AND minute_ms < ?

-- add_destination --
INSERT INTO call_destination (account, region, first_ms) VALUES (?, ?, ?) ON CONFLICT (account, region) DO NOTHING

-- burden --
-- Those that nobody answered yet count with their first minute.
SELECT (SELECT coalesce(sum(micros), 0) FROM call_spend WHERE account = ?1 AND minute_ms >= ?2),
  coalesce(sum(rate_micros * max(1, (?3 - coalesce(answered_ms, ?3) + 59999) / 60000)), 0),
  coalesce(sum(iif(status = 'queued', rate_micros, 0)), 0), count(*)
FROM call INDEXED BY call_live
WHERE status IN ('queued', 'ringing', 'in-progress') AND account = ?1 AND (status <> 'queued' OR let_out)

-- tenant_burden --
SELECT (
    SELECT coalesce(sum(micros), 0) FROM account CROSS JOIN call_spend ON call_spend.account = account.sid
    WHERE account.tenant = ?1 AND minute_ms >= ?2
  ),
  coalesce(sum(rate_micros * max(1, (?3 - coalesce(answered_ms, ?3) + 59999) / 60000)), 0),
  coalesce(sum(iif(call.status = 'queued', rate_micros, 0)), 0), count(*)
FROM account CROSS JOIN call INDEXED BY call_live ON call.account = account.sid
WHERE account.tenant = ?1 AND call.status IN ('queued', 'ringing', 'in-progress')
  AND (call.status <> 'queued' OR let_out)

-- held --
SELECT rate_micros FROM call WHERE account = ? AND sid = ? AND status = 'queued' AND NOT let_out

-- let_out --
UPDATE call SET let_out = 1 WHERE account = ? AND sid = ?

-- queued --
SELECT count(*) FROM call INDEXED BY call_waiting
WHERE account = ? AND status = 'queued' AND direction = 'outbound-api' AND owner = ''

-- costly_accounts --
SELECT DISTINCT account FROM call INDEXED BY call_owned WHERE owner <> '' AND owner = ? AND rate_micros > 0

-- earlier --
SELECT count(*) FROM call_destination AS one JOIN call_destination AS this
  ON this.account = one.account AND (one.first_ms, one.region) < (this.first_ms, this.region)
WHERE this.account = ?1 AND this.region = ?2 AND this.first_ms >= ?3 AND one.first_ms >= ?3

-- first_called --
SELECT count(*) FROM call_destination WHERE account = ? AND first_ms >= ?

-- settings --
SELECT settings FROM voice_settings WHERE account = ?

-- put_settings --
INSERT INTO voice_settings (account, settings) VALUES (?1, ?2)
ON CONFLICT (account) DO UPDATE SET settings = excluded.settings
