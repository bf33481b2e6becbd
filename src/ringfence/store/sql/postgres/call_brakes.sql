-- add_spend --
INSERT INTO call_spend AS known (account, minute_ms, micros)
SELECT account, minute_ms, sum(micros) FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new (account, minute_ms, micros)
GROUP BY account, minute_ms ORDER BY account, minute_ms
ON CONFLICT (account, minute_ms) DO UPDATE SET micros = known.micros + excluded.micros

-- forget_spend --
DELETE FROM call_spend USING unnest($1::text[], $2::bigint[]) AS key (account, before_ms)
WHERE call_spend.account = key.account AND minute_ms < before_ms

-- add_destinations --
INSERT INTO call_destination (account, region, first_ms)
SELECT account, region, min(first_ms) FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new (account, region, first_ms)
GROUP BY account, region ORDER BY account, region
ON CONFLICT (account, region) DO NOTHING

-- burden --
-- One look, so that a call that ends meanwhile counts once: as under way, or as ended. Those that nobody answered yet
-- count with their first minute.
SELECT (SELECT coalesce(sum(micros), 0)::bigint FROM call_spend WHERE account = $1 AND minute_ms >= $2),
  coalesce(sum(rate_micros * greatest(1, ($3::bigint - coalesce(answered_ms, $3::bigint) + 59999) / 60000)), 0)::bigint,
  coalesce(sum(rate_micros) FILTER (WHERE call.status = 'queued'), 0)::bigint, count(*)
FROM call
WHERE account = $1 AND status IN ('queued', 'ringing', 'in-progress') AND (status <> 'queued' OR let_out)

-- tenant_burden --
SELECT (
    SELECT coalesce(sum(micros), 0)::bigint FROM account JOIN call_spend ON call_spend.account = account.sid
    WHERE tenant = $1 AND minute_ms >= $2
  ),
  coalesce(sum(rate_micros * greatest(1, ($3::bigint - coalesce(answered_ms, $3::bigint) + 59999) / 60000)), 0)::bigint,
  coalesce(sum(rate_micros) FILTER (WHERE call.status = 'queued'), 0)::bigint, count(*)
FROM account JOIN call ON call.account = account.sid
WHERE tenant = $1 AND call.status IN ('queued', 'ringing', 'in-progress') AND (call.status <> 'queued' OR let_out)

-- one_at_a_time --
SELECT pg_advisory_xact_lock(hashtext('call_gate'), hashtext($1))

-- held --
SELECT call.account, call.sid, rate_micros FROM call JOIN unnest($1::text[], $2::text[]) AS key (account, sid)
  ON call.account = key.account AND call.sid = key.sid
WHERE status = 'queued' AND NOT let_out

-- let_out --
UPDATE call SET let_out = true FROM unnest($1::text[], $2::text[]) AS key (account, sid)
WHERE call.account = key.account AND call.sid = key.sid

-- queued --
SELECT count(*) FROM call
WHERE account = $1 AND status = 'queued' AND direction = 'outbound-api' AND owner = ''

-- costly_accounts --
SELECT DISTINCT account FROM call WHERE owner <> '' AND owner = $1 AND rate_micros > 0

-- earlier --
SELECT count(*) FROM call_destination AS one JOIN call_destination AS this
  ON this.account = one.account AND (one.first_ms, one.region) < (this.first_ms, this.region)
WHERE this.account = $1 AND this.region = $2 AND this.first_ms >= $3 AND one.first_ms >= $3

-- first_called --
SELECT count(*) FROM call_destination WHERE account = $1 AND first_ms >= $2

-- settings --
SELECT settings FROM voice_settings WHERE account = $1

-- hold_account --
-- Who replaces settings waits for whoever does so at this moment.
SELECT 1 FROM account WHERE sid = $1 FOR NO KEY UPDATE

-- put_settings --
INSERT INTO voice_settings (account, settings) VALUES ($1, $2)
ON CONFLICT (account) DO UPDATE SET settings = excluded.settings
