-- keys --
unnest($1::text[], $2::text[], $3::text[]) AS key (account, sender, carrier)

-- share --
-- Until the transaction ends nobody raises what these rows say.
SELECT account, sender, carrier, next_ms FROM sender_queue JOIN {keys} USING (account, sender, carrier)
FOR KEY SHARE OF sender_queue

-- expect --
INSERT INTO sender_queue AS known (account, sender, carrier, next_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS new (account, sender, carrier, next_ms)
ORDER BY account, sender, carrier
ON CONFLICT (account, sender, carrier) DO UPDATE SET next_ms = excluded.next_ms
WHERE known.next_ms IS NULL OR known.next_ms > excluded.next_ms

-- free --
owner IS NULL OR owner = $3 OR until_ms <= $2

-- first_place --
(
  SELECT place_ms FROM message
  WHERE account = queue.account AND local = queue.sender AND carrier = queue.carrier AND place_ms IS NOT NULL
  ORDER BY place_ms LIMIT 1
)

-- line --
-- The queues that come next, with what they were expected to have first and what they have.
SELECT held, 0 AS place, next_ms, account, sender, {first_place} AS first_ms
FROM (
  SELECT coalesce(owner = $3, false) AS held, next_ms, account, sender, carrier
  FROM sender_queue LEFT JOIN sender_lease USING (account, sender, carrier)
  WHERE carrier = $1 AND next_ms <= $2 AND ({free})
  ORDER BY held, next_ms, account, sender LIMIT $4
) AS queue

-- line_in_turn --
-- The same, but first those of whom the asker has fewest in hand.
SELECT held, place, next_ms, account, sender, {first_place} AS first_ms
FROM (
  SELECT held, next_ms, account, sender, carrier, CASE WHEN held THEN 0
    ELSE coalesce(number, 0) + row_number() OVER (PARTITION BY held, account ORDER BY next_ms, sender) END AS place
  FROM (
    SELECT coalesce(owner = $3, false) AS held, next_ms, account, sender, carrier
    FROM sender_queue LEFT JOIN sender_lease USING (account, sender, carrier)
    WHERE carrier = $1 AND next_ms <= $2 AND ({free})
  ) AS free LEFT JOIN unnest($5::text[], $6::bigint[]) AS hand (account, number) USING (account)
  ORDER BY held, place, next_ms, account, sender LIMIT $4
) AS queue

-- lock --
-- Queues in which nobody has a text in flight.
SELECT account, sender, carrier FROM sender_queue JOIN {keys} USING (account, sender, carrier)
FOR UPDATE OF sender_queue SKIP LOCKED

-- see --
UPDATE sender_queue AS queue SET next_ms = {first_place} FROM {keys}
WHERE queue.account = key.account AND queue.sender = key.sender AND queue.carrier = key.carrier

-- take --
-- Decided here: of those who want the same queue at once one gets it.
INSERT INTO sender_lease AS known (account, sender, carrier, owner, fence, until_ms)
SELECT account, sender, carrier, $4::text, 1, $5::bigint FROM {keys} ORDER BY account, sender, carrier
ON CONFLICT (account, sender, carrier) DO UPDATE
SET owner = excluded.owner, until_ms = excluded.until_ms,
  fence = known.fence + CASE WHEN known.owner = excluded.owner THEN 0 ELSE 1 END
WHERE known.owner IS NULL OR known.owner = excluded.owner OR known.until_ms <= $6
RETURNING account, sender, fence

-- holds --
account = $1 AND sender = $2 AND carrier = $3 AND fence = $4 AND owner IS NOT NULL

-- held --
-- Until the transaction ends nobody takes these queues over.
SELECT account, sender, carrier, fence
FROM sender_lease JOIN unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS key (account, sender, carrier, fence)
  USING (account, sender, carrier, fence)
WHERE owner IS NOT NULL
ORDER BY account, sender, carrier
FOR SHARE OF sender_lease

-- renew --
UPDATE sender_lease SET until_ms = $5 WHERE {holds} RETURNING 1

-- release --
UPDATE sender_lease SET owner = NULL, until_ms = 0 WHERE {holds}

-- columns --
account, sid, direction, status, local, remote_index, remote_region, remote_prefix,
epoch, content, num_segments, num_media,
messaging_service_sid, error_code, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, valid_until_ms,
sequence, carrier, carrier_ref, has_callback, body_redacted

-- due --
-- No row: the lease is lost. One row without a sid: nothing is due.
SELECT due.*
FROM (SELECT account, sender, carrier FROM sender_lease WHERE {holds}) AS lease
LEFT JOIN LATERAL (
  SELECT {columns} FROM message
  WHERE message.account = lease.account AND local = lease.sender AND message.carrier = lease.carrier AND place_ms <= $5
  ORDER BY place_ms, id LIMIT $6
) AS due ON true

-- waiting --
SELECT count(*) FROM (
  SELECT 1 FROM message WHERE account = $1 AND local = $2 AND carrier = $3 AND place_ms <= $4 LIMIT $5
) AS entry
