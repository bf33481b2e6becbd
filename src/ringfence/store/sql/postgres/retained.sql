-- columns --
account, sid, part, duty, epoch, until_ms, sealed

-- insert --
-- In order of the key, in which everybody inserts.
INSERT INTO retained ({columns})
SELECT {columns} FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[])
  AS line ({columns})
ORDER BY account, sid, part
ON CONFLICT DO NOTHING

-- of_epochs --
SELECT {columns} FROM retained
WHERE account = $1 AND duty = $2 AND (sid, part) > ($3, $4::bigint) AND epoch BETWEEN $5 AND $6
ORDER BY sid, part LIMIT $7

-- erase --
DELETE FROM retained WHERE (account, sid, part) IN (
  SELECT account, sid, part FROM retained WHERE until_ms <= $1 ORDER BY until_ms, account, sid, part LIMIT $2)
