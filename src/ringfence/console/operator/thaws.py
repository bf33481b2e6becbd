"""Letting what was frozen go on: one member of staff asks, another confirms, and never the same.

A request lasts an hour, and is for one freeze: what was frozen anew since needs another. It ends where the session that
asked, or its person, is stopped; whoever asked must still be staff, and not kept out, when it is confirmed.
Why: a freeze is what stops an intruder who has a session of staff.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, cast

import msgspec

from ringfence.console.lockout import Lockout, is_kept_out, kept_out
from ringfence.console.operator import staff_rows
from ringfence.console.operator.thaw_rows import (
    ThawRequest,
    forget_thaw_request,
    keep_thaw_request,
    thaw_requests,
)
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.freezes import FreezeKind
from ringfence.usecases.access.freeze import ThawStore, thaw

STAFF: Final = "staff"
ACCOUNT: Final = "account"


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands still, and who asks that it goes on, if anybody does."""

    kind: str
    name: str
    since_ms: int
    asked: ThawRequest | None


class Thaws:
    """RefusedError says to a person why not. Each act is in the ledger before it happens; ConnectionError where not."""

    def __init__(
        self, storage: ConsoleStorage, store: ThawStore, lockout: Lockout, notes: AccessNotes, clock: Clock
    ) -> None:
        self._storage = storage
        self._store = store
        self._lockout = lockout
        self._notes = notes
        self._clock = clock

    async def frozen(self) -> Sequence[Frozen]:
        """All that is, by kind and name."""
        now_ms = self._clock.now_ms()
        found: list[tuple[str, str, int]] = [(row.kind, row.name, row.at_ms) for row in await self._store.freezes()]
        found += [(STAFF, person, at_ms) for person, at_ms in await self._storage.run(kept_out)]
        asked = {(each.kind, each.name): each for each in await self._storage.run(lambda db: thaw_requests(db, now_ms))}
        return [
            Frozen(kind=kind, name=name, since_ms=at_ms, asked=asked.get((kind, name)))
            for kind, name, at_ms in sorted(found)
        ]

    async def ask(self, by: Session, kind: str, name: str) -> None:
        """Ask that it goes on. RefusedError where it is not frozen, or somebody asks already."""
        it = await self._find(kind, name)
        if _waits(it):
            raise RefusedError("somebody asks for that already")
        request = ThawRequest(
            kind=kind,
            name=name,
            asked_by=by.person,
            session=by.id,
            asked_ms=self._clock.now_ms(),
            frozen_ms=it.since_ms,
        )
        await self._note(by, "ask_thaw", kind, name)
        await self._storage.run(lambda db: keep_thaw_request(db, request))

    async def confirm(self, by: Session, kind: str, name: str) -> None:
        """It goes on. RefusedError for whoever asked, and where nobody did."""
        it = await self._find(kind, name)
        asked = it.asked
        if asked is None or not _waits(it):
            raise RefusedError("nobody asks for that, or not any more: ask anew")
        if asked.asked_by == by.person:
            raise RefusedError("another member must confirm it")
        await self._storage.run(lambda db: _check_staff(db, asked.asked_by))
        await self._note(by, "thaw", kind, name, f"staff:{asked.asked_by}")

        def take(db: sqlite3.Connection) -> None:
            """Once, and for who may: two may confirm, and somebody may be frozen, at the same moment."""
            for person in (asked.asked_by, by.person):
                _check_staff(db, person)
            if asked not in thaw_requests(db, self._clock.now_ms()):
                raise RefusedError("nobody asks for that any more")
            forget_thaw_request(db, kind, name)

        await self._storage.run(take)
        if kind == STAFF:
            await self._lockout.thaw_staff(name)
        else:
            await thaw(self._store, self._clock, cast(FreezeKind, kind), name)

    async def refuse(self, by: Session, kind: str, name: str) -> None:
        """Any member may, whoever asked too."""
        await self._note(by, "refuse_thaw", kind, name)
        if not await self._storage.run(lambda db: forget_thaw_request(db, kind, name)):
            raise RefusedError("nobody asks for that")

    async def _find(self, kind: str, name: str) -> Frozen:
        for each in await self.frozen():
            if (each.kind, each.name) == (kind, name):
                return each
        raise RefusedError("that is not frozen", status=404)

    async def _note(self, by: Session, verb: str, kind: str, name: str, *more: str) -> None:
        account = name if kind == ACCOUNT else OPERATOR
        await self._notes.note(account, by.actor, verb, (by.scope, f"{kind}:{name}", *more))


def _waits(it: Frozen) -> bool:
    """Whether somebody asks about this freeze, and not about one before it."""
    return it.asked is not None and it.asked.frozen_ms == it.since_ms


def _check_staff(db: sqlite3.Connection, person: str) -> None:
    member = staff_rows.member_of(db, person)
    if member is None or member.removed_ms is not None or is_kept_out(db, person):
        raise RefusedError("who asked or confirms is not staff any more, or kept out")
