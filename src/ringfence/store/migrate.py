"""Numbered, checksummed migrations of the embedded store: forward only, with a backup of what was there first.

What both stores share of it: the steps, and which of them a database still lacks.
"""

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from ringfence.ports.store import StoreFailedError

_NAME = re.compile(r"(\d{4})_(\w+)\.sql")
_HISTORY = """
CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_ms INTEGER NOT NULL
) STRICT
"""


class Migration(msgspec.Struct, frozen=True):
    """One step. `number` begins at 1 and leaves no gap."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class NewerSchemaError(StoreFailedError):
    """A newer ringfence wrote this database. Run that one, or restore the backup made before it migrated."""


class ChangedMigrationError(StoreFailedError):
    """A migration of this database is not the one this program knows: the two must not be mixed."""


def migrations(folder: str = "migrations") -> list[Migration]:
    """The steps this program knows, in order; `folder` is below `sql/`."""
    found = []
    for file in files("ringfence.store").joinpath("sql", *folder.split("/")).iterdir():
        if name := _NAME.fullmatch(file.name):
            found.append(Migration(int(name[1]), name[2], file.read_text("utf-8")))
    return sorted(found, key=lambda step: step.number)


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> list[Migration]:
    """Bring the database up to the last of `steps`, all in one transaction; returns those that were applied.

    Raises NewerSchemaError or ChangedMigrationError before anything is written. `connection` is in autocommit mode.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        pending = _pending(connection, steps)
        if pending and pending[0].number > 1:
            back_up(path, path.with_name(f"{path.name}.before-{pending[0].number:04}"))
        for step in pending:
            _apply(connection, step)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return pending


def _pending(connection: sqlite3.Connection, steps: Sequence[Migration]) -> list[Migration]:
    connection.execute(_HISTORY)
    return lacking(dict(connection.execute("SELECT number, sha256 FROM migration").fetchall()), steps)


def lacking(applied: Mapping[int, str], steps: Sequence[Migration]) -> list[Migration]:
    """Those of `steps` that are not among the `applied` ones (number to checksum).

    Raises NewerSchemaError or ChangedMigrationError where the two do not fit together.
    """
    newest, known = max(applied, default=0), len(steps)
    if newest > known:
        raise NewerSchemaError(f"the database has schema {newest}, this program knows {known}")
    for step in steps:
        if applied.get(step.number, step.sha256) != step.sha256:
            raise ChangedMigrationError(f"migration {step.number} ({step.name}) is another than the one applied")
    return [step for step in steps if step.number not in applied]


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    for statement in split(step.sql):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO migration VALUES (?, ?, ?, ?)",
        (step.number, step.name, step.sha256, time.time_ns() // 1_000_000),
    )


def split(script: str) -> Iterator[str]:
    """The statements of a script, so that they run inside the caller's transaction (executescript would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError("the script ends inside a statement")


def back_up(path: Path, target: Path) -> None:
    """Copy the committed state of a database to `target` (mode 0600, replaced as a whole, synced)."""
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    source, copy = sqlite3.connect(path), sqlite3.connect(partial)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    _sync(partial)
    partial.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
