-- columns --
account, sid, number, friendly_name, kind, region, capabilities, standing, created_ms, updated_ms

-- stock_columns --
number, region, kind, locality, area, postal_code, capabilities

-- insert --
INSERT INTO number ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- is_owned --
SELECT 1 FROM number WHERE number = ?1
UNION ALL SELECT 1 FROM resting_number WHERE number = ?1 AND account <> ?2 AND until_ms > ?3

-- number --
SELECT {columns} FROM number WHERE account = ? AND sid = ?

-- by_e164 --
SELECT {columns} FROM number WHERE number = ?

-- place --
SELECT created_ms FROM number WHERE account = ? AND sid = ?

-- list --
SELECT {columns} FROM number
WHERE account = ?1 AND (created_ms, sid) < (?2, ?3)
  AND (?4 IS NULL OR number GLOB ?4) AND (?5 IS NULL OR friendly_name = ?5) AND (?6 IS NULL OR kind = ?6)
ORDER BY created_ms DESC, sid DESC LIMIT ?7

-- update --
UPDATE number SET friendly_name = ?3, standing = ?4, updated_ms = ?5 WHERE account = ?1 AND sid = ?2

-- release --
DELETE FROM number WHERE account = ? AND sid = ?

-- rest --
INSERT INTO resting_number (number, account, until_ms)
SELECT number, account, ?3 FROM number WHERE account = ?1 AND sid = ?2 AND ?3 > 0
ON CONFLICT (number) DO UPDATE SET account = excluded.account, until_ms = excluded.until_ms

-- wake --
DELETE FROM resting_number WHERE number = ?

-- unrate --
DELETE FROM allowed_rate WHERE kind = 'number' AND name = (SELECT number FROM number WHERE account = ? AND sid = ?)

-- unpool --
DELETE FROM pool_number WHERE account = ? AND number_sid = ?

-- unstick --
DELETE FROM sticky_sender WHERE account = ? AND number_sid = ?

-- insert_stock --
INSERT INTO stock ({stock_columns}) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM number WHERE number = ?1)
ON CONFLICT (number) DO NOTHING

-- unstock --
DELETE FROM stock WHERE number = ?

-- available --
SELECT {stock_columns} FROM stock
WHERE region = ?1 AND kind = ?2 AND (?3 IS NULL OR number GLOB ?3) AND (?4 IS NULL OR number GLOB '+1' || ?4 || '*')
  AND NOT EXISTS (
    SELECT 1 FROM resting_number AS resting
    WHERE resting.number = stock.number AND resting.until_ms > ?6 AND resting.account <> ?7
  )
ORDER BY number LIMIT ?5

-- regions_of --
SELECT DISTINCT region FROM number WHERE account = ? AND region <> '' ORDER BY region

-- regions --
SELECT DISTINCT region, kind FROM stock
