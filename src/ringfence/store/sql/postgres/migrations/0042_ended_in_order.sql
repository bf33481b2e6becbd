-- Those that ended first are read first, so many at a time.
CREATE INDEX ended_freeze_order ON ended_freeze (ended_ms, kind, name, at_ms);
