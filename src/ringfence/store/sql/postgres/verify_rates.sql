-- take_turn --
SELECT pg_advisory_xact_lock(hashtext('verify_rate'), hashtext($1))

-- windows --
SELECT account, bucket, value_index, began_ms, until_ms, count
FROM verify_rate
  JOIN unnest($1::text[], $2::text[], $3::bytea[]) AS wanted (account, bucket, value_index)
  USING (account, bucket, value_index)

-- put --
INSERT INTO verify_rate (account, bucket, value_index, began_ms, until_ms, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[])
ON CONFLICT (account, bucket, value_index) DO UPDATE SET began_ms = excluded.began_ms, until_ms = excluded.until_ms,
  count = excluded.count

-- forget --
DELETE FROM verify_rate WHERE until_ms < $1
