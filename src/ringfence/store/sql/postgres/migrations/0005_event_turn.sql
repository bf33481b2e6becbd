-- Accounts take turns: what is ready is looked up an account at a time.
DROP INDEX event_ready;
CREATE INDEX event_turn ON event (account, ready_ms, id) WHERE ready_ms IS NOT NULL;
