-- Freezes that have ended, until those whom they stopped are told: one that lasts a second is told too, and each thaw.
CREATE TABLE ended_freeze (
  kind text NOT NULL,
  name text NOT NULL,
  at_ms bigint NOT NULL,
  ended_ms bigint NOT NULL,
  PRIMARY KEY (kind, name, at_ms)
);

DROP INDEX event_notice;
CREATE INDEX event_notice ON event (account, ready_ms)
  WHERE kind IN ('notice.blast', 'notice.freeze', 'notice.thaw');
