-- texts --
-- Those that were not scheduled and were accepted at a time that is yet to come: ahead of what is accepted from now on.
UPDATE message SET place_ms = ?2
WHERE final = 0 AND (account, local, carrier) IN (SELECT account, sender, carrier FROM sender_queue)
  AND place_ms > ?1 AND due_ms <= created_ms

-- queues --
-- Too early does no harm: whoever leases looks.
UPDATE sender_queue SET next_ms = ?2 WHERE next_ms > ?1

-- leases --
UPDATE sender_queue SET until_ms = ?1 WHERE until_ms > ?1

-- call_owners --
UPDATE call_owner SET until_ms = ?1 WHERE until_ms > ?1

-- events --
UPDATE event INDEXED BY event_pending SET
  due_ms = CASE WHEN at_ms > ?1 THEN ?1 ELSE min(due_ms, ?2) END,
  leased_ms = min(leased_ms, ?2),
  ready_ms = CASE WHEN ready_ms IS NOT NULL
    THEN max(CASE WHEN at_ms > ?1 THEN ?1 ELSE min(due_ms, ?2) END, min(leased_ms, ?2)) END
WHERE state = 'pending' AND (at_ms > ?1 OR due_ms > ?2 OR leased_ms > ?2)
