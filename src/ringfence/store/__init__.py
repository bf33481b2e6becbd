"""Where texts, queues and accounts live: in SQLite, or in memory, by the same contract."""
