"""Accounts, devices, tickets and notices, in SQLite. Each method is one transaction, on the disk when it returns.

Neither numbers nor tokens are in here: only keyed hashes of them.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MAX_NOTICES = 100

_TABLES = """
CREATE TABLE IF NOT EXISTS account (
  id BLOB PRIMARY KEY, salt BLOB, hash BLOB, tries INTEGER NOT NULL, next_try_s REAL NOT NULL, seen_s REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device (
  token BLOB PRIMARY KEY, account BLOB NOT NULL, active INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS device_of ON device (account, active);
CREATE TABLE IF NOT EXISTS ticket (
  id BLOB PRIMARY KEY, account BLOB NOT NULL, until_s REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ticket_until ON ticket (until_s);
CREATE TABLE IF NOT EXISTS notice (
  id INTEGER PRIMARY KEY, device BLOB NOT NULL, at_s REAL NOT NULL, kind TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notice_of ON notice (device, id);
"""
_LOCK = "SELECT salt, hash, tries, next_try_s FROM account WHERE id = ? AND hash IS NOT NULL AND seen_s > ?"


@dataclass(frozen=True)
class Lock:
    """An account's registration lock, at the moment of a look."""

    salt: bytes
    hash: bytes
    tries: int
    next_try_s: float


@dataclass(frozen=True)
class Device:
    """A device that presents its token; one that was replaced is told so, and nothing else."""

    account: bytes
    active: bool


class Accounts:
    """One connection for all threads, one transaction after the other."""

    def __init__(self, path: str | Path) -> None:
        self._mutex = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A try that was counted must be counted after a power cut, too.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def lock(self, account: bytes, seen_since_s: float) -> Lock | None:
        """The lock in force: none where there is none, or where the account's device was not seen since then."""
        with self._transaction() as db:
            row = db.execute(_LOCK, (account, seen_since_s)).fetchone()
        return None if row is None else Lock(*row)

    def set_lock(self, account: bytes, salt: bytes | None, hashed: bytes | None) -> None:
        """A new PIN, or none; wrong tries are forgotten."""
        with self._transaction() as db:
            db.execute(
                "UPDATE account SET salt = ?, hash = ?, tries = 0, next_try_s = 0 WHERE id = ?",
                (salt, hashed, account),
            )

    def count_try(self, account: bytes, now_s: float, seen_since_s: float, delays_s: Sequence[float]) -> Lock | None:
        """The lock, once a try was counted and the wait after it begun. None: too early, or none is left.

        There are as many tries as delays, and nobody compares before this has returned.
        """
        with self._transaction() as db:
            row = db.execute(_LOCK, (account, seen_since_s)).fetchone()
            if row is None or row[2] >= len(delays_s) or row[3] > now_s:
                return None
            lock = Lock(row[0], row[1], row[2] + 1, now_s + delays_s[row[2]])
            db.execute(
                "UPDATE account SET tries = ?, next_try_s = ? WHERE id = ?", (lock.tries, lock.next_try_s, account)
            )
        return lock

    def add_ticket(self, ticket: bytes, account: bytes, now_s: float, until_s: float) -> None:
        """Whoever presents it has shown the number's code."""
        with self._transaction() as db:
            db.execute("DELETE FROM ticket WHERE until_s <= ?", (now_s,))
            db.execute("INSERT INTO ticket VALUES (?, ?, ?)", (ticket, account, until_s))

    def account_of_ticket(self, ticket: bytes, now_s: float) -> bytes | None:
        with self._transaction() as db:
            row = db.execute("SELECT account FROM ticket WHERE id = ? AND until_s > ?", (ticket, now_s)).fetchone()
        return None if row is None else bytes(row[0])

    def register(self, account: bytes, token: bytes, now_s: float, seen_since_s: float) -> bool:
        """A first device, or one in the place of another. False, and nothing done, where a lock is in force."""
        with self._transaction() as db:
            if db.execute(_LOCK, (account, seen_since_s)).fetchone() is not None:
                return False
            db.execute("DELETE FROM account WHERE id = ?", (account,))
            db.execute("INSERT INTO account VALUES (?, NULL, NULL, 0, 0, ?)", (account, now_s))
            self._replace_device(db, account, token, now_s)
        return True

    def unlock(self, account: bytes, ticket: bytes, hashed: bytes, token: bytes, now_s: float) -> bool:
        """A device whose owner knew the PIN. False where the ticket was used, or the PIN changed, meanwhile."""
        with self._transaction() as db:
            if db.execute("DELETE FROM ticket WHERE id = ?", (ticket,)).rowcount != 1:
                return False
            still = "UPDATE account SET tries = 0, next_try_s = 0, seen_s = ? WHERE id = ? AND hash = ?"
            if db.execute(still, (now_s, account, hashed)).rowcount != 1:
                return False
            self._replace_device(db, account, token, now_s)
            return True

    def device(self, token: bytes, now_s: float) -> Device | None:
        """Whose token it is. An active device counts as seen."""
        with self._transaction() as db:
            row = db.execute("SELECT account, active FROM device WHERE token = ?", (token,)).fetchone()
            if row is None:
                return None
            if row[1]:
                db.execute("UPDATE account SET seen_s = ? WHERE id = ?", (now_s, row[0]))
        return Device(bytes(row[0]), bool(row[1]))

    def notify(self, account: bytes, kind: str, now_s: float) -> None:
        """Tell the account's device."""
        with self._transaction() as db:
            self._notify(db, account, kind, now_s)

    def notices(self, token: bytes) -> list[tuple[float, str]]:
        """When and what, oldest first."""
        with self._transaction() as db:
            return db.execute("SELECT at_s, kind FROM notice WHERE device = ? ORDER BY id", (token,)).fetchall()

    def _replace_device(self, db: sqlite3.Connection, account: bytes, token: bytes, now_s: float) -> None:
        self._notify(db, account, "replaced", now_s)
        db.execute("UPDATE device SET active = 0 WHERE account = ? AND active = 1", (account,))
        db.execute("INSERT INTO device VALUES (?, ?, 1)", (token, account))

    def _notify(self, db: sqlite3.Connection, account: bytes, kind: str, now_s: float) -> None:
        for (token,) in db.execute("SELECT token FROM device WHERE account = ? AND active = 1", (account,)).fetchall():
            db.execute("INSERT INTO notice (device, at_s, kind) VALUES (?, ?, ?)", (token, now_s, kind))
            db.execute(
                "DELETE FROM notice WHERE device = ? AND id NOT IN "
                "(SELECT id FROM notice WHERE device = ? ORDER BY id DESC LIMIT ?)",
                (token, token, MAX_NOTICES),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
