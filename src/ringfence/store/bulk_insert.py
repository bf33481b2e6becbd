"""Many rows into a table of SQLite, in few statements.

Each statement gives Python's lock away, and a thread beside a busy event loop gets it back after half a millisecond.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from ringfence.store.sqlite_session import SqliteWriter

# A statement of each size stays prepared; larger ones would save little and take much memory.
ROWS_MAX = 32
_VALUES = "VALUES "


class BulkInsert:
    """An `INSERT … VALUES (?, …)`, with or without an `ON CONFLICT` after it, that takes any number of rows."""

    def __init__(self, insert: str) -> None:
        head, values, rest = insert.rpartition(_VALUES)
        if not values:
            raise ValueError("no INSERT with VALUES")
        row, closing, tail = rest.partition(")")
        rows = [row + closing] * ROWS_MAX
        self._statements = [head + values + ", ".join(rows[:size]) + tail for size in range(1, ROWS_MAX + 1)]

    def run(self, tx: SqliteWriter, rows: Sequence[Sequence[Any]]) -> int:
        """Insert them in their order, and tell how many were new; an error leaves some of them inserted."""
        return sum(cursor.rowcount for cursor in self._run(tx, rows))

    def returned(self, tx: SqliteWriter, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """As `run`, for an insert with `RETURNING`: what that returns of those that were new."""
        return [found for cursor in self._run(tx, rows) for found in cursor.fetchall()]

    def _run(self, tx: SqliteWriter, rows: Sequence[Sequence[Any]]) -> Iterator[sqlite3.Cursor]:
        for start in range(0, len(rows), ROWS_MAX):
            some = rows[start : start + ROWS_MAX]
            yield tx.run(self._statements[len(some) - 1], [value for row in some for value in row])
