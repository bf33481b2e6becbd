-- Links that were made by the Auth Token or the recovery kit for whoever is to be an owner.
ALTER TABLE console_link ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
