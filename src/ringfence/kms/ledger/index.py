"""Which entries are whose: by the account that was opened, by who opened it, and by the session that it was done in.

It follows from the entries, and is made again from them where it is lost or behind. Nothing in it is waited for.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from ringfence.domain.ledger.blast import session_of
from ringfence.kms.ledger.lines import Line
from ringfence.ports.ledger import AccessEntry

By = Literal["account", "actor", "session"]
_VERSION = 2
_SCHEMA = """
CREATE TABLE name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE by_account (name INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, n)) WITHOUT ROWID;
CREATE TABLE by_actor (name INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, n)) WITHOUT ROWID;
CREATE TABLE by_session (name INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, n)) WITHOUT ROWID;
CREATE TABLE reach (size INTEGER NOT NULL);
INSERT INTO reach VALUES (0);
"""
_TABLES = ("by_account", "by_actor", "by_session")
_LATEST_OF_ACCOUNT = (
    "SELECT n FROM by_account WHERE name = (SELECT id FROM name WHERE name = ?) AND n < ? ORDER BY n DESC LIMIT ?"
)
_ENTRIES_OF: Mapping[By, str] = {
    "account": (
        "SELECT n FROM by_account WHERE name = (SELECT id FROM name WHERE name = ?) AND n > ? AND n < ? "
        "ORDER BY n LIMIT ?"
    ),
    "actor": (
        "SELECT n FROM by_actor WHERE name = (SELECT id FROM name WHERE name = ?) AND n > ? AND n < ? "
        "ORDER BY n LIMIT ?"
    ),
    "session": (
        "SELECT n FROM by_session WHERE name = (SELECT id FROM name WHERE name = ?) AND n > ? AND n < ? "
        "ORDER BY n LIMIT ?"
    ),
}
NAMES_HELD = 100_000


class Whose(NamedTuple):
    """What an entry is found by. `session` is "" where it names none."""

    account: str
    actor: str
    session: str = ""


def whose(entry: AccessEntry) -> Whose:
    """What an entry is found by."""
    return Whose(entry.account, entry.actor, session_of(entry.scope))


class LedgerIndex:
    """Written by the ledger's thread alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: dict[str, int] = {}
        self._connection = self._opened()

    @property
    def size(self) -> int:
        """How many entries it has."""
        return int(self._connection.execute("SELECT size FROM reach").fetchone()[0])

    def cut(self, size: int) -> None:
        """Forget all but the first entries: the others were never acknowledged."""
        with self._connection:
            self._connection.execute("BEGIN")
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE n >= ?", (size,))  # noqa: S608 - one of the three
            self._connection.execute("UPDATE reach SET size = min(size, ?)", (size,))

    def add(self, entries: Iterable[tuple[int, Whose]]) -> None:
        """Entries that follow on those there are, by number. sqlite3.Error: nothing of it was added."""
        accounts, actors, sessions, size = [], [], [], 0
        try:
            with self._connection:
                self._connection.execute("BEGIN")
                for n, of in entries:
                    accounts.append((self._id(of.account), n))
                    actors.append((self._id(of.actor), n))
                    if of.session:
                        sessions.append((self._id(of.session), n))
                    size = n + 1
                # In order of the key: each page of the table is then come to once, however many names there are.
                self._connection.executemany("INSERT OR IGNORE INTO by_account VALUES (?, ?)", sorted(accounts))
                self._connection.executemany("INSERT OR IGNORE INTO by_actor VALUES (?, ?)", sorted(actors))
                self._connection.executemany("INSERT OR IGNORE INTO by_session VALUES (?, ?)", sorted(sessions))
                self._connection.execute("UPDATE reach SET size = max(size, ?)", (size,))
        except sqlite3.Error:
            self._names.clear()
            raise

    def close(self) -> None:
        self._connection.close()

    def begin_anew(self) -> None:
        """Forget all of it, where it cannot be read."""
        self._connection.close()
        self._names.clear()
        self._remove()
        self._connection = self._connect()

    def _id(self, name: str) -> int:
        found = self._names.get(name)
        if found is None:
            if len(self._names) >= NAMES_HELD:
                self._names.clear()
            self._connection.execute("INSERT OR IGNORE INTO name (name) VALUES (?)", (name,))
            found = int(self._connection.execute("SELECT id FROM name WHERE name = ?", (name,)).fetchone()[0])
            self._names[name] = found
        return found

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError:
            # It is not what it was, or another version's: everything in it is in the entries.
            self._remove()
            return self._connect()

    def _remove(self) -> None:
        for left in (self._path, *(self._path.with_name(self._path.name + end) for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)

    def _connect(self) -> sqlite3.Connection:
        self._path.touch(0o600)
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -16384")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError  # of another version: it is made anew
            if version == 0:
                connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        except BaseException:
            connection.close()
            raise
        return connection


def entries_of(path: Path, by: By, name: str, *, after: int = -1, before: int | None = None, limit: int) -> list[int]:
    """The numbers of somebody's entries, the oldest first, of those that the index has."""
    stop = 1 << 62 if before is None else before
    with closing(_to_read(path)) as connection:
        rows = connection.execute(_ENTRIES_OF[by], (name, after, stop, limit))
        return [n for (n,) in rows]


def entries_of_account_by(
    path: Path, account: str, by: By, name: str, *, after: int, before: int, limit: int
) -> list[int]:
    """The numbers of an account's entries that are of one who opened, or of one session, the oldest first.

    Of either there may be millions: it takes a few steps for each of the fewer.
    """
    with closing(_to_read(path)) as connection:
        return list(islice(_of_both(connection, account, (by, name), after, before), limit))


def _of_both(
    connection: sqlite3.Connection, account: str, other: tuple[By, str], after: int, before: int
) -> Iterator[int]:
    by, name = other
    while (theirs := _next(connection, by, name, after, before)) is not None:
        # The first of the account's from there on: where it is not the same entry, what is between is nobody's.
        own = _next(connection, "account", account, theirs - 1, before)
        if own is None:
            return
        if own == theirs:
            yield own
        after = max(theirs, own - 1)


def _next(connection: sqlite3.Connection, by: By, name: str, after: int, before: int) -> int | None:
    row = connection.execute(_ENTRIES_OF[by], (name, after, before, 1)).fetchone()
    return None if row is None else int(row[0])


def latest_of_account(path: Path, account: str, *, before: int, limit: int) -> list[int]:
    """The numbers of an account's newest entries before one, the oldest first, of those that the index has."""
    with closing(_to_read(path)) as connection:
        rows = connection.execute(_LATEST_OF_ACCOUNT, (account, before, limit)).fetchall()
        return sorted(n for (n,) in rows)


def _to_read(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def rows_of(lines: Iterable[Line]) -> Iterable[tuple[int, Whose]]:
    """What of read lines the index has."""
    return ((line.n, whose(line.entry)) for line in lines)
