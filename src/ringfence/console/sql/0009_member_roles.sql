-- What a member may do. Whoever was one before there were roles could do everything, and stays able to.
ALTER TABLE member ADD COLUMN role TEXT NOT NULL DEFAULT 'owner' CHECK (role IN ('owner', 'approver', 'reader'));
