"""Numbers of changes of who may use an account: each higher than the one before, and no lower than the time.

So they grow too where the database is put back to an earlier state.
"""

import sqlite3


def next_number(db: sqlite3.Connection, now_ms: int) -> int:
    """The next one, as `domain.access_fence` has it, in the transaction that is going on."""
    number: int
    (number,) = db.execute(
        "UPDATE access_number SET number = max(number + 1, ?) RETURNING number", (now_ms,)
    ).fetchone()
    return number
