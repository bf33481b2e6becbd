-- What staff are for, as JSON. Whoever was staff before there were roles could do everything, and stays able to.
ALTER TABLE staff ADD COLUMN roles TEXT NOT NULL DEFAULT '["support","operations","security"]';
ALTER TABLE invitation ADD COLUMN roles TEXT NOT NULL DEFAULT '["support","operations","security"]';
