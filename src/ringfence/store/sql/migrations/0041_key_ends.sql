-- When a key ends, Unix milliseconds; 0 for never.
ALTER TABLE credential ADD COLUMN ends_ms INTEGER NOT NULL DEFAULT 0;
