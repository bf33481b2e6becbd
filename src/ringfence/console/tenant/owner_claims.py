"""Whoever came by a link for an owner becomes one: not before all members saw it for three days, and no owner refused.

The link is made by the Auth Token or the recovery kit, for an account whose owner is gone. Why: docs/why/console.md.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import drop_claim, keep_member
from ringfence.console.tenant.people_acts import PeopleActs
from ringfence.console.tenant.roles import demanded
from ringfence.domain.access.role import Role
from ringfence.domain.clock import Clock
from ringfence.ports.access_notes import AccessNotes

WAIT_MS: Final = 72 * 3_600_000
# So long after the wait it is there to be taken.
TAKEN_WITHIN_MS: Final = 7 * 86_400_000
# Of an account, at once: each is a notice on all members' pages.
CLAIMS_MAX: Final = 5


class OwnerClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A member who becomes an owner from `due_ms` (Unix) on, when they say so."""

    member: str
    account: str
    asked_ms: int
    due_ms: int


def check_room(db: sqlite3.Connection, account: str, now_ms: int) -> None:
    """RefusedError where so many wait, or are there to be taken, that another would drown them."""
    if len(_claims(db, account, now_ms)) >= CLAIMS_MAX:
        raise RefusedError(f"{CLAIMS_MAX} are to be owners already: have an owner refuse one, or wait ten days.")


def keep_claim(db: sqlite3.Connection, member: str, account: str, now_ms: int) -> None:
    """Begin the wait, which any change of the member's role ends. RefusedError as `check_room`."""
    check_room(db, account, now_ms)
    db.execute("DELETE FROM owner_claim WHERE account = ? AND due_ms <= ?", (account, now_ms - TAKEN_WITHIN_MS))
    db.execute("INSERT INTO owner_claim VALUES (?, ?, ?, ?)", (member, account, now_ms, now_ms + WAIT_MS))


class OwnerClaims:
    """RefusedError says why not; ConnectionError where the ledger cannot be written: nothing was changed."""

    def __init__(self, storage: ConsoleStorage, notes: AccessNotes, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._acts = PeopleActs(storage, notes, clock)

    async def of(self, account: str) -> Sequence[OwnerClaim]:
        """Those that wait, and those that are there to be taken, the oldest first."""
        now_ms = self._clock.now_ms()
        return await self._storage.run(lambda db: _claims(db, account, now_ms))

    def is_due(self, claim: OwnerClaim) -> bool:
        """Whether the wait is over."""
        return claim.due_ms <= self._clock.now_ms()

    async def take(self, session: Session) -> None:
        """The member of the session, who has just shown a passkey, becomes an owner."""

        def find(db: sqlite3.Connection) -> None:
            demanded(db, session, Role.READER)
            if not self.is_due(self._claim(db, session, session.person)):
                raise RefusedError("Not yet: all members are told for three days.")

        def work(db: sqlite3.Connection) -> None:
            member = demanded(db, session, Role.READER)
            keep_member(db, msgspec.structs.replace(member, role=Role.OWNER))

        await self._acts.do(session, "take_ownership", (f"member:{session.person}",), find=find, work=work)

    async def refuse(self, session: Session, member: str) -> None:
        """An owner says no: the member stays what they are."""

        def find(db: sqlite3.Connection) -> None:
            demanded(db, session, Role.OWNER)
            self._claim(db, session, member)

        await self._acts.do(
            session, "refuse_ownership", (f"member:{member}",), find=find, work=lambda db: drop_claim(db, member)
        )

    def _claim(self, db: sqlite3.Connection, session: Session, member: str) -> OwnerClaim:
        for each in _claims(db, session.account, self._clock.now_ms()):
            if each.member == member:
                return each
        raise RefusedError("There is no such claim, or no more.", status=404)


def _claims(db: sqlite3.Connection, account: str, now_ms: int) -> list[OwnerClaim]:
    rows = db.execute(
        "SELECT member, account, asked_ms, due_ms FROM owner_claim WHERE account = ? AND due_ms > ?"
        " ORDER BY asked_ms, member",
        (account, now_ms - TAKEN_WITHIN_MS),
    ).fetchall()
    return [OwnerClaim(**dict(zip(OwnerClaim.__struct_fields__, row, strict=True))) for row in rows]
