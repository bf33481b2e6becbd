-- expect --
INSERT INTO sender_queue (account, sender, carrier, fence, until_ms, next_ms) VALUES (?, ?, ?, 0, 0, ?)
ON CONFLICT DO UPDATE SET next_ms = excluded.next_ms WHERE next_ms IS NULL OR next_ms > excluded.next_ms

-- free --
next_ms <= ?2 AND (owner IS NULL OR owner = ?3 OR until_ms <= ?2)

-- any_free --
SELECT 1 FROM sender_queue WHERE carrier = ?1 AND {free} LIMIT 1

-- all_free --
SELECT coalesce(owner = ?3, 0), next_ms, account, sender, fence FROM sender_queue WHERE carrier = ?1 AND {free}

-- first_place --
SELECT min(place_ms) FROM message
WHERE final = 0 AND account = ? AND local = ? AND carrier = ? AND place_ms IS NOT NULL

-- see --
UPDATE sender_queue SET next_ms = ? WHERE account = ? AND sender = ? AND carrier = ?

-- take --
UPDATE sender_queue SET owner = ?, fence = ?, until_ms = ? WHERE account = ? AND sender = ? AND carrier = ?

-- holds --
account = ? AND sender = ? AND carrier = ? AND fence = ? AND owner IS NOT NULL

-- held --
SELECT 1 FROM sender_queue WHERE {holds}

-- renew --
UPDATE sender_queue SET until_ms = ? WHERE {holds}

-- release --
UPDATE sender_queue SET owner = NULL, until_ms = 0 WHERE {holds}

-- waiting --
SELECT count(*) FROM (
  SELECT 1 FROM message INDEXED BY message_open
  WHERE final = 0 AND account = ? AND local = ? AND carrier = ? AND place_ms <= ? LIMIT ?
)
