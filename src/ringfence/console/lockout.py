"""Stop people in the consoles for now: sessions end at once, and with them their grants; staff may be kept out."""

import sqlite3
from collections.abc import Iterable, Sequence

from ringfence.console.ends_of_grants import EndsOfGrants, GrantsToEnd, keep_to_end
from ringfence.console.refusals import RefusedError
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.ports.grants import GrantKeys


class Lockout:
    """`keys` ends what sessions hold. ConnectionError where it cannot be written: do it again."""

    def __init__(self, storage: ConsoleStorage, keys: GrantKeys, clock: Clock) -> None:
        self._storage = storage
        self._keys = keys
        self._clock = clock

    async def end_session(self, session: str, actor: str) -> bool:
        """Whether there was one. Its grants end, whether there was or not."""
        ended = await self._delete("id", session)
        await self._keys.end_grants(actor, session=session)
        return ended > 0

    async def check_staff(self, staff: str) -> None:
        """Return where somebody is or was staff by that ID. RefusedError: who was meant would not be kept out."""
        await self._storage.run(lambda db: _check_known(db, staff))

    async def freeze_staff(self, staff: str, actor: str) -> bool:
        """They cannot sign in until `thaw_staff`; False where that was so before. RefusedError as `check_staff`."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> bool:
            _check_known(db, staff)
            new = keep_out(db, staff, now_ms)
            db.execute("DELETE FROM session WHERE kind = 'staff' AND person = ?", (staff,))
            return new

        new = await self._storage.run(work)
        await self._keys.end_grants(actor, staff=staff)
        return new

    async def thaw_staff(self, staff: str, since_ms: int | None = None) -> bool:
        """False where they were not kept out, or not since then: who is frozen anew is kept out by another freeze."""
        sql = "DELETE FROM staff_freeze WHERE staff = ? AND at_ms = coalesce(?, at_ms)"
        return await self._storage.run(lambda db: db.execute(sql, (staff, since_ms)).rowcount > 0)

    async def end_accounts(self, accounts: Iterable[str], actor: str) -> None:
        """Sessions of these accounts' members, and grants of what is theirs."""
        for account in accounts:
            await self.end_sessions([account])
            await self._keys.end_grants(actor, account=account)

    async def turn_out(self, accounts: Iterable[str], actor: str) -> None:
        """As `end_accounts`, after what cannot be asked for again: grants end later where the key service is away."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> None:
            for account in accounts:
                db.execute("DELETE FROM session WHERE account = ?", (account,))
                keep_to_end(db, GrantsToEnd(account=account, actor=actor, at_ms=now_ms))

        await self._storage.run(work)
        await EndsOfGrants(self._storage, self._keys).settle()

    async def end_sessions(self, accounts: Iterable[str]) -> None:
        """Those of these accounts' members alone."""
        for account in accounts:
            await self._delete("account", account)

    async def end_all(self) -> None:
        """All sessions of both consoles. Grants stay, and nobody has the session to use them."""
        await self._storage.run(lambda db: db.execute("DELETE FROM session") and None)

    async def _delete(self, column: str, value: str) -> int:
        sql = {"id": "DELETE FROM session WHERE id = ?", "account": "DELETE FROM session WHERE account = ?"}[column]
        return await self._storage.run(lambda db: db.execute(sql, (value,)).rowcount)


def _check_known(db: sqlite3.Connection, staff: str) -> None:
    if db.execute("SELECT 1 FROM staff WHERE id = ?", (staff,)).fetchone() is None:
        raise RefusedError("nobody is staff by that ID", status=404)


def kept_out(db: sqlite3.Connection) -> Sequence[tuple[str, int]]:
    """Staff who may not sign in for now, and since when (Unix, milliseconds)."""
    return [(staff, at_ms) for staff, at_ms in db.execute("SELECT staff, at_ms FROM staff_freeze").fetchall()]


def keep_out(db: sqlite3.Connection, staff: str, now_ms: int) -> bool:
    """Nobody signs in by that name any more; False where that was so before."""
    return db.execute("INSERT OR IGNORE INTO staff_freeze VALUES (?, ?)", (staff, now_ms)).rowcount > 0


def is_kept_out(db: sqlite3.Connection, staff: str) -> bool:
    """Whether a member of staff may not sign in for now."""
    return db.execute("SELECT 1 FROM staff_freeze WHERE staff = ?", (staff,)).fetchone() is not None
