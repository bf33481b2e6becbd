-- Who of staff invited. Those of before were the terminal's.
ALTER TABLE invitation ADD COLUMN invited_by TEXT NOT NULL DEFAULT 'terminal';
