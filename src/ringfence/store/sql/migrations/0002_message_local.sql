-- Lists of one own number's texts, which stood among all texts of the account before.
CREATE INDEX message_local ON message (account, local, created_ms, sid);
