"""A copy of the key service's database without what is to end by itself: it would have no end in a copy.

Those are the keys that grants hand to a session of staff, and the content keys that links to a console open. What was a
grant stays, ended, so that it cannot be kept again. What was a link stays as one that is past: where it was used, a new
content key begins in what is made of the copy.
"""

import sqlite3
from pathlib import Path

from ringfence.schema import sqlite_migrate

# By the table that came with them: a database may be of a version that had no such thing.
_ENDED = {
    "console_link": (
        "UPDATE slot SET sealed = x'' WHERE (account, credential) IN (SELECT account, credential FROM console_link)",
        "UPDATE console_link SET until_ms = 0",
    ),
    "grant_box": ("DELETE FROM grant_box", "UPDATE kept_grant SET ended = 1, lid = x''"),
}


def copy_lasting(path: Path, target: Path) -> None:
    """Copy the database while it is in use; mode 0600, one file."""
    sqlite_migrate.back_up(path, target)
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA secure_delete = ON")
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        connection.execute("BEGIN")
        for statement in (one for table in tables for one in _ENDED.get(table, ())):
            connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        connection.close()
