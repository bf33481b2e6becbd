-- Texts by how they ended, for pages of one status. One that waits or is on its way is in no such page: to accept it costs
-- nothing more.
CREATE INDEX message_ended ON message (account, status, created_ms, sid) WHERE final;
