-- columns --
account, sid, part, duty, epoch, until_ms, sealed

-- insert --
INSERT INTO retained ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- of_epochs --
SELECT {columns} FROM retained INDEXED BY retained_duty
WHERE account = ? AND duty = ? AND (sid, part) > (?, ?) AND epoch BETWEEN ? AND ?
ORDER BY sid, part LIMIT ?

-- erase --
DELETE FROM retained WHERE (account, sid, part) IN (
  SELECT account, sid, part FROM retained WHERE until_ms <= ? ORDER BY until_ms, account, sid, part LIMIT ?)
