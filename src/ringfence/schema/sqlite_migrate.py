"""Migrations of a SQLite file: all in one transaction, with a backup of what was there first."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ringfence.ports.store import DiskFullError, StoreFailedError
from ringfence.schema.steps import Migration, UnfitDatabaseError, UnmigratedError, lacking

# STRICT tables came with it.
OLDEST_SQLITE = (3, 37)
_HISTORY = """
CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  applied_ms INTEGER NOT NULL
) STRICT
"""
_READ_ONLY = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


def migrate(
    connection: sqlite3.Connection, path: Path, steps: Sequence[Migration], *, allowed: bool = True
) -> list[Migration]:
    """Bring the database up to the last of `steps`; returns those that were applied.

    Raises NewerSchemaError, ChangedMigrationError, UnfitDatabaseError or, where not `allowed`, UnmigratedError before
    anything is written. `connection` is in autocommit mode.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        pending = lacking(_applied(connection), steps)
        if pending and not allowed:
            raise UnmigratedError(pending)
        if pending and pending[0].number > 1:
            back_up(path, backup_of(path, pending))
        for step in pending:
            _apply(connection, step)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return pending


def backup_of(path: Path, pending: Sequence[Migration]) -> Path:
    """Where the database is copied to before `pending` are applied."""
    return path.with_name(f"{path.name}.before-{pending[0].number:04}")


def pending_of(path: Path, steps: Sequence[Migration]) -> list[Migration]:
    """Those of `steps` that the file lacks; nothing is written. Raises what `migrate` raises, as a StoreFailedError."""
    if not path.exists():
        return list(steps)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return lacking(_applied(connection), steps)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise unfit(error) from None


def unfit(error: sqlite3.Error | OSError) -> StoreFailedError:
    """Why a file cannot be opened as a database, or changed."""
    if isinstance(error, OSError):
        return UnfitDatabaseError(f"the file cannot be made or opened: {error.strerror}")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _READ_ONLY:
        return UnfitDatabaseError("the file is read-only: make it and its folder writable for this user")
    if code == sqlite3.SQLITE_NOTADB:
        return UnfitDatabaseError("the file is no SQLite database")
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError("the disk is full")
    return StoreFailedError(getattr(error, "sqlite_errorname", "SQLITE_ERROR"))


def _applied(connection: sqlite3.Connection) -> dict[int, str]:
    """Checksums of what was applied. UnfitDatabaseError for another product's database, or for an old library."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise UnfitDatabaseError(f"SQLite {sqlite3.sqlite_version} is too old: use 3.37 or newer")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}
    if not tables:
        return {}
    columns = {row[1] for row in connection.execute("PRAGMA table_info(migration)").fetchall()}
    if not columns >= {"number", "name", "sha256", "applied_ms"}:
        raise UnfitDatabaseError("the file holds tables of another product")
    return dict(connection.execute("SELECT number, sha256 FROM migration").fetchall())


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    for statement in split(step.sql):
        connection.execute(statement)
    note(connection, step)


def note(connection: sqlite3.Connection, step: Migration) -> None:
    """Write down that a step is applied, in the caller's transaction."""
    connection.execute(_HISTORY)
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
