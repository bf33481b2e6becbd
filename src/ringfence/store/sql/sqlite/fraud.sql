-- blocks --
SELECT json_group_array(json_array(fraud_block.account, fraud_block.name, unanswered, converted, hot_until_ms, at_ms))
FROM json_each(?) CROSS JOIN fraud_block
  ON fraud_block.account = json_each.value ->> 0 AND fraud_block.name = json_each.value ->> 1

-- put --
INSERT INTO fraud_block (account, name, unanswered, converted, hot_until_ms, at_ms)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?) WHERE true
ON CONFLICT (account, name) DO UPDATE SET unanswered = excluded.unanswered, converted = excluded.converted,
  hot_until_ms = excluded.hot_until_ms, at_ms = excluded.at_ms

-- forget --
DELETE FROM fraud_block WHERE at_ms < ?

-- spent --
SELECT code_spend.tenant, code_spend.owner, hour_ms, micros
FROM json_each(?) CROSS JOIN code_spend
  ON code_spend.tenant = json_each.value ->> 0 AND code_spend.owner = json_each.value ->> 1
  AND hour_ms >= json_each.value ->> 2

-- cost --
SELECT coalesce(sum(micros), 0) FROM code_spend WHERE tenant = ? AND owner = ? AND hour_ms >= ?

-- put_spent --
INSERT INTO code_spend (tenant, owner, hour_ms, micros) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, owner, hour_ms) DO UPDATE SET micros = excluded.micros

-- forget_spent --
DELETE FROM code_spend WHERE hour_ms < ?
