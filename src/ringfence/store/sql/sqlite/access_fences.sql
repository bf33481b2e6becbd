-- known --
SELECT field, fence FROM access_fence WHERE account = ? AND credential = ?

-- raise --
INSERT INTO access_fence (account, credential, field, fence) VALUES (?, ?, ?, ?)
ON CONFLICT (account, credential, field) DO UPDATE SET fence = excluded.fence WHERE excluded.fence > fence

-- forget --
DELETE FROM access_fence WHERE account = ? AND credential = ? AND field <> ?
