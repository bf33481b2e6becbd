-- blocks --
SELECT fraud_block.account, fraud_block.name, unanswered, converted, hot_until_ms, at_ms
FROM json_each(?) CROSS JOIN fraud_block
  ON fraud_block.account = json_each.value ->> 0 AND fraud_block.name = json_each.value ->> 1

-- put --
INSERT INTO fraud_block (account, name, unanswered, converted, hot_until_ms, at_ms) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, name) DO UPDATE SET unanswered = excluded.unanswered, converted = excluded.converted,
  hot_until_ms = excluded.hot_until_ms, at_ms = excluded.at_ms

-- forget --
DELETE FROM fraud_block WHERE at_ms < ?
