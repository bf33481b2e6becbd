-- Whom a leave is for, so that it goes with them. Those from before end within minutes.
ALTER TABLE verify_enrolment ADD COLUMN identity_index BYTEA NOT NULL DEFAULT '';
