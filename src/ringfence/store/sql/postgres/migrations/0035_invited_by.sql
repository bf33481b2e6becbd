-- Who of staff invited. Those of before were the terminal's. Whoever may make an invitation makes an open one.
ALTER TABLE invitation ADD COLUMN invited_by text COLLATE "C" NOT NULL DEFAULT 'terminal';
ALTER TABLE invitation ALTER COLUMN taken_ms SET DEFAULT 0, ALTER COLUMN account SET DEFAULT '';
