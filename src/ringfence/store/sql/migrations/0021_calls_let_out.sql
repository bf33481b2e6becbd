-- Whether the brakes have let a call out that is still queued: from then on it counts as under way.
ALTER TABLE call ADD COLUMN let_out integer NOT NULL DEFAULT 0;

UPDATE call SET let_out = 1 WHERE status = 'queued' AND owner <> '';
