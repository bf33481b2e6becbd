-- show --
-- A lock that is held already is not taken again: each time would have to be given back.
SELECT pg_try_advisory_lock($1::int, $2::int) WHERE NOT EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = $1::int::oid AND objid = $2::int::oid
)

-- here --
SELECT DISTINCT objid::int FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = $1::int::oid
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- owners --
-- Of events in hand: until their lease ends that is when they are ready.
SELECT DISTINCT owner FROM event WHERE ready_ms > $1 AND leased_ms = ready_ms AND owner IS NOT NULL
