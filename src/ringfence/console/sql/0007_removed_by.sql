-- By whom somebody was removed: a member's id, "terminal", or '' where that was before it was written down.
ALTER TABLE staff ADD COLUMN removed_by TEXT NOT NULL DEFAULT '';
