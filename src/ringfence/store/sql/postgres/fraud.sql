-- take_turn --
SELECT pg_advisory_xact_lock(hashtext('fraud_block'), hashtext($1))

-- blocks --
SELECT account, name, unanswered, converted, hot_until_ms, at_ms
FROM fraud_block JOIN unnest($1::text[], $2::text[]) AS wanted (account, name) USING (account, name)

-- put --
INSERT INTO fraud_block (account, name, unanswered, converted, hot_until_ms, at_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::bigint[], $6::bigint[])
ON CONFLICT (account, name) DO UPDATE SET unanswered = excluded.unanswered, converted = excluded.converted,
  hot_until_ms = excluded.hot_until_ms, at_ms = excluded.at_ms

-- forget --
DELETE FROM fraud_block WHERE at_ms < $1

-- spent --
SELECT tenant, owner, hour_ms, micros
FROM code_spend JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS wanted (tenant, owner, from_ms) USING (tenant, owner)
WHERE hour_ms >= from_ms

-- cost --
SELECT coalesce(sum(micros), 0) FROM code_spend WHERE tenant = $1 AND owner = $2 AND hour_ms >= $3

-- put_spent --
INSERT INTO code_spend (tenant, owner, hour_ms, micros)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
ON CONFLICT (tenant, owner, hour_ms) DO UPDATE SET micros = excluded.micros

-- forget_spent --
DELETE FROM code_spend WHERE hour_ms < $1
