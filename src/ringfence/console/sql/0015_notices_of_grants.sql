-- Of what was opened: how much under grants of members, NULL for notices from before this was looked for, and under which.
ALTER TABLE blast_notice ADD COLUMN granted INTEGER;
ALTER TABLE blast_notice ADD COLUMN grants TEXT NOT NULL DEFAULT '';
