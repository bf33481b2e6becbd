-- turn --
SELECT 1 FROM account WHERE sid = $1 FOR NO KEY UPDATE

-- known --
SELECT field, fence FROM access_fence WHERE account = $1 AND credential = $2

-- raise --
INSERT INTO access_fence (account, credential, field, fence) VALUES ($1, $2, $3, $4)
ON CONFLICT (account, credential, field) DO UPDATE SET fence = excluded.fence WHERE excluded.fence > access_fence.fence

-- forget --
DELETE FROM access_fence WHERE account = $1 AND credential = $2 AND field <> $3
