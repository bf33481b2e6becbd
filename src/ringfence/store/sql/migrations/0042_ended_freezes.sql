-- Freezes that have ended, until those whom they stopped are told: one that lasts a second is told too, and each thaw.
CREATE TABLE ended_freeze (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name, at_ms)
) STRICT, WITHOUT ROWID;

DROP INDEX event_notice;
CREATE INDEX event_notice ON event (account, ready_ms)
  WHERE kind IN ('notice.blast', 'notice.freeze', 'notice.thaw');
