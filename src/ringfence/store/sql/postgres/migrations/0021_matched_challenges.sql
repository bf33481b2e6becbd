-- A push whose user must type a number that the program shows: the report tells it apart.
ALTER TABLE verify_challenge ADD COLUMN matched boolean NOT NULL DEFAULT false;
