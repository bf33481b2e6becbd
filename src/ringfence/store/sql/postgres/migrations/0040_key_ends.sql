-- When a key ends, Unix milliseconds; 0 for never.
ALTER TABLE credential ADD COLUMN ends_ms bigint NOT NULL DEFAULT 0;
