-- All events of an account, and those that were given up, newest first.
CREATE INDEX event_made ON event (account, at_ms);
DROP INDEX event_dead;
CREATE INDEX event_dead ON event (account, at_ms) WHERE state = 'dead';
