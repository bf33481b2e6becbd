-- What went wrong in calls, for an account's list of notifications.
CREATE INDEX call_step_trouble ON call_step (account, at_ms, id) WHERE code IS NOT NULL AND kind <> 'status';
