"""Many rows into a table of SQLite, in few statements.

Each statement gives Python's lock away, and a thread beside a busy event loop gets it back after half a millisecond.
"""

from collections.abc import Sequence
from typing import Any

from ringfence.store.sqlite_session import SqliteWriter

# Powers of two, so that few statements make up any number, and all of them stay prepared.
_SIZES = (64, 32, 16, 8, 4, 2, 1)
_VALUES = "VALUES "


class BulkInsert:
    """An `INSERT … VALUES (?, …)` that takes any number of rows."""

    def __init__(self, insert: str) -> None:
        head, values, row = insert.rpartition(_VALUES)
        if not values:
            raise ValueError("no INSERT with VALUES at its end")
        self._statements = [(size, head + values + ", ".join([row] * size)) for size in _SIZES]

    def run(self, tx: SqliteWriter, rows: Sequence[Sequence[Any]]) -> None:
        """Insert them in their order; an error leaves some of them inserted."""
        start = 0
        for size, statement in self._statements:
            while len(rows) - start >= size:
                tx.run(statement, [value for row in rows[start : start + size] for value in row])
                start += size
