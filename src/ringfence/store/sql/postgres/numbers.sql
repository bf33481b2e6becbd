-- columns --
account, sid, number, friendly_name, kind, region, capabilities, standing, created_ms, updated_ms

-- stock_columns --
number, region, kind, locality, area, postal_code, capabilities

-- turn --
-- Purchases and new stock go one after the other, so that a number is never both owned and in stock.
SELECT pg_advisory_xact_lock(hashtextextended('ringfence.inventory', 0))

-- insert --
INSERT INTO number ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING

-- is_owned --
SELECT 1 FROM number WHERE number = $1
UNION ALL SELECT 1 FROM resting_number WHERE number = $1 AND account <> $2 AND until_ms > $3
LIMIT 1

-- number --
SELECT {columns} FROM number WHERE account = $1 AND sid = $2

-- by_e164 --
SELECT {columns} FROM number WHERE number = $1

-- place --
SELECT created_ms FROM number WHERE account = $1 AND sid = $2

-- list --
SELECT {columns} FROM number
WHERE account = $1 AND (created_ms, sid) < ($2, $3)
  AND ($4::text IS NULL OR number LIKE $4) AND ($5::text IS NULL OR friendly_name = $5)
  AND ($6::text IS NULL OR kind = $6)
ORDER BY created_ms DESC, sid DESC LIMIT $7

-- update --
UPDATE number SET friendly_name = $3, standing = $4, updated_ms = $5 WHERE account = $1 AND sid = $2

-- release --
DELETE FROM number WHERE account = $1 AND sid = $2 RETURNING number

-- unrate --
DELETE FROM allowed_rate WHERE kind = 'number' AND name = $1

-- rest --
INSERT INTO resting_number (number, account, until_ms)
SELECT number, account, $3::bigint FROM number WHERE account = $1 AND sid = $2 AND $3::bigint > 0
ON CONFLICT (number) DO UPDATE SET account = excluded.account, until_ms = excluded.until_ms

-- wake --
DELETE FROM resting_number WHERE number = $1

-- unpool --
DELETE FROM pool_number WHERE account = $1 AND number_sid = $2

-- unstick --
DELETE FROM sticky_sender WHERE account = $1 AND number_sid = $2

-- insert_stock --
INSERT INTO stock ({stock_columns})
SELECT DISTINCT ON (number) {stock_columns}
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
  WITH ORDINALITY AS new ({stock_columns}, place)
WHERE NOT EXISTS (SELECT 1 FROM number AS owned WHERE owned.number = new.number)
ORDER BY number, place
ON CONFLICT DO NOTHING

-- unstock --
DELETE FROM stock WHERE number = $1

-- is_stocked --
SELECT 1 FROM stock WHERE number = $1

-- available --
SELECT {stock_columns} FROM stock
WHERE region = $1 AND kind = $2 AND ($3::text IS NULL OR number ~ $3)
  AND ($4::text IS NULL OR starts_with(number, '+1' || $4))
  AND NOT EXISTS (
    SELECT 1 FROM resting_number AS resting
    WHERE resting.number = stock.number AND resting.until_ms > $6 AND resting.account <> $7
  )
ORDER BY number LIMIT $5

-- regions_of --
SELECT DISTINCT region FROM number WHERE account = $1 AND region <> '' ORDER BY region

-- regions --
SELECT DISTINCT region, kind FROM stock
