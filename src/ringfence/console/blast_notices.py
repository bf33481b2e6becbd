"""What tenants are told on the day something was stolen: who opened how much of theirs, from when to when."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.console.storage import ConsoleStorage
from ringfence.domain.ledger.blast import STAFF
from ringfence.ports.ledger import OpenedBy

SESSION_NOTED: Final = "session"
STAFF_NOTED: Final = "staff member"
KEY_NOTED: Final = "key"
_SELECT: Final = "SELECT account, who, objects, first_ms, last_ms, told_ms, granted, grants FROM blast_notice WHERE "
_ONE: Final = _SELECT + "account = ? AND who = ? AND first_ms = ? AND last_ms = ?"
_OF: Final = _SELECT + "account = ? ORDER BY told_ms DESC, last_ms DESC LIMIT ?"


class BlastNotice(msgspec.Struct, frozen=True, kw_only=True):
    """`who` is a session, a member of staff or a key, by its ID. Times are Unix milliseconds.

    `granted` of the `objects` were opened under `grants` of members alone, SIDs with spaces between. It is None where
    nobody looked for that.
    """

    account: str
    who: str
    objects: int
    first_ms: int
    last_ms: int
    told_ms: int
    granted: int | None = None
    grants: str = ""

    @property
    def opened_by(self) -> tuple[OpenedBy, str]:
        """By what, and by whose name, the ledger finds the entries that it is about."""
        what, _, name = self.who.rpartition(" ")
        return (
            ("session", name) if what == SESSION_NOTED else ("actor", f"{STAFF}{name}" if what == STAFF_NOTED else name)
        )


class BlastNotices:
    """Shown to an account's members until there are newer ones; kept for good."""

    def __init__(self, storage: ConsoleStorage) -> None:
        self._storage = storage

    async def tell(self, notices: Sequence[BlastNotice]) -> int:
        """How many were new: the same told twice is told once."""

        def work(db: sqlite3.Connection) -> int:
            rows = [msgspec.structs.astuple(notice) for notice in notices]
            return sum(
                db.execute("INSERT OR IGNORE INTO blast_notice VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row).rowcount
                for row in rows
            )

        return await self._storage.run(work)

    async def one(self, account: str, who: str, first_ms: int, last_ms: int) -> BlastNotice | None:
        """The one that says that of the account."""

        def work(db: sqlite3.Connection) -> BlastNotice | None:
            row = db.execute(
                _ONE,
                (account, who, first_ms, last_ms),
            ).fetchone()
            return None if row is None else BlastNotice(**dict(zip(BlastNotice.__struct_fields__, row, strict=True)))

        return await self._storage.run(work)

    async def of(self, account: str, limit: int = 20) -> Sequence[BlastNotice]:
        """The latest first."""

        def work(db: sqlite3.Connection) -> list[BlastNotice]:
            rows = db.execute(
                _OF,
                (account, limit),
            ).fetchall()
            return [BlastNotice(**dict(zip(BlastNotice.__struct_fields__, row, strict=True))) for row in rows]

        return await self._storage.run(work)
