-- window --
SELECT began_ms, until_ms, count FROM verify_rate WHERE account = ? AND bucket = ? AND value_index = ?

-- put --
INSERT INTO verify_rate (account, bucket, value_index, began_ms, until_ms, count) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, bucket, value_index) DO UPDATE SET began_ms = excluded.began_ms, until_ms = excluded.until_ms,
  count = excluded.count

-- forget --
DELETE FROM verify_rate WHERE until_ms < ?
