-- columns --
account, sid, verification, service, to_index, channel, country, at_ms, converted, refusal, why

-- insert --
INSERT INTO verification_attempt ({columns})
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::bigint[],
  $9::boolean[], $10::bigint[], $11::text[])
ON CONFLICT DO NOTHING RETURNING account, sid

-- convert --
UPDATE verification_attempt SET converted = true
WHERE account = $1 AND verification = $2 AND refusal IS NULL AND NOT converted RETURNING service, channel, at_ms

-- refuse --
UPDATE verification_attempt SET refusal = $3, why = $4 WHERE account = $1 AND sid = $2

-- row --
SELECT {columns} FROM verification_attempt WHERE account = $1 AND sid = $2

-- hold --
{row} FOR UPDATE

-- place --
SELECT at_ms FROM verification_attempt WHERE account = $1 AND sid = $2

-- bounds --
account = $1 AND (at_ms, sid) < ($2, $3) AND at_ms >= $4
  AND coalesce(service = $8::text, true) AND coalesce(channel = $5::text, true) AND coalesce(country = $6::text, true)
  AND coalesce(converted = $7::boolean, true)

-- page --
ORDER BY at_ms DESC, sid DESC LIMIT $9

-- all --
SELECT {columns} FROM verification_attempt WHERE {bounds} {page}

-- by_service --
SELECT {columns} FROM verification_attempt
WHERE {bounds} AND service = $8::text {page}

-- by_verification --
SELECT {columns} FROM verification_attempt
WHERE {bounds} AND verification = $10 {page}

-- by_to --
SELECT {columns} FROM verification_attempt
WHERE {bounds} AND to_index = ANY($10::bytea[]) {page}

-- count_all --
SELECT count(*), count(*) FILTER (WHERE refusal IS NULL), count(*) FILTER (WHERE converted),
  min(lpad(at_ms::text, 16, '0') || sid COLLATE "C")
FROM ({all}) AS page

-- count_by_service --
SELECT count(*), count(*) FILTER (WHERE refusal IS NULL), count(*) FILTER (WHERE converted),
  min(lpad(at_ms::text, 16, '0') || sid COLLATE "C")
FROM ({by_service}) AS page
