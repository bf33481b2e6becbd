-- A push whose user must type a number that the program shows: the report tells it apart.
ALTER TABLE verify_challenge ADD COLUMN matched INTEGER NOT NULL DEFAULT 0;
