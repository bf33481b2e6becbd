-- Whether the brakes have let a call out that is still queued: from then on it counts as under way.
ALTER TABLE call ADD COLUMN let_out boolean NOT NULL DEFAULT false;

UPDATE call SET let_out = true WHERE status = 'queued' AND owner <> '';
