"""What no member of staff does alone: one asks and says why, another confirms.

A request lasts an hour, and is for its target as it stood: what has changed since needs another. It ends where the
session that asked, or its person, is stopped; whoever asked must still be staff when it is confirmed, and not kept out.
Why: a session of staff may be somebody else's.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from ringfence.console.act_notices import ActNotice, ActNotices
from ringfence.console.lockout import is_kept_out
from ringfence.console.operator import staff_rows
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.request_rows import ActRequest, forget_request, keep_request, requests
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.ports.access_notes import OPERATOR, AccessNotes

REQUEST: Final = "AR"
REASON_MAX: Final = 200


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a target stands, in any words that change with it; `account` is whose it is, "" for nobody's."""

    stands: str
    account: str = ""


class Deed(Protocol):
    """One kind of act."""

    async def find(self, target: str, value: str) -> Standing:
        """How the target stands now. RefusedError where this cannot be done to it."""

    async def do(self, target: str, value: str, by: Session) -> None:
        """Do it; `by` confirms. RefusedError where it cannot be done any more."""


class TwoPersonActs:
    """RefusedError says to a person why not. Each act is in the ledger before it happens; ConnectionError where not."""

    def __init__(self, storage: ConsoleStorage, deeds: Mapping[Act, Deed], notes: AccessNotes, clock: Clock) -> None:
        self._storage = storage
        self._deeds = deeds
        self._told = ActNotices(storage)
        self._notes = notes
        self._clock = clock

    async def waiting(self) -> Sequence[ActRequest]:
        """Those that may be confirmed now, the oldest first."""
        now_ms = self._clock.now_ms()
        return await self._storage.run(lambda db: requests(db, now_ms))

    async def request(self, id_: str) -> ActRequest:
        """The one of that ID. RefusedError."""
        for each in await self.waiting():
            if each.id == id_:
                return each
        raise _gone()

    async def account_of(self, act: Act, target: str, value: str) -> str:
        """Whose the target is, "" where it is no account's. RefusedError where there is no such thing to do."""
        return (await self._find(act, target, value)).account

    async def ask(self, by: Session, act: Act, target: str, value: str, reason: str) -> ActRequest:
        """Ask for it. RefusedError where it cannot be done, or somebody asks already."""
        words = " ".join(reason.split())
        if not 1 <= len(words) <= REASON_MAX or not words.isprintable():
            raise RefusedError(f"Say why, in 1 to {REASON_MAX} characters.", status=400)
        found = await self._find(act, target, value)
        for each in await self.waiting():
            if (each.act, each.target, each.stands) == (act, target, found.stands):
                raise RefusedError("somebody asks for that already")
        now_ms = self._clock.now_ms()
        request = ActRequest(
            id=new_sid(REQUEST, now_ms),
            act=act,
            target=target,
            value=value,
            reason=words,
            stands=found.stands,
            asked_by=by.person,
            session=by.id,
            asked_ms=now_ms,
        )
        await self._note(by, found.account, f"ask_{_verb(act)}", request)
        await self._storage.run(lambda db: keep_request(db, request))
        return request

    async def confirm(self, by: Session, request: ActRequest) -> None:
        """It is done. RefusedError for whoever asked, and where it stands otherwise now."""
        if request.asked_by == by.person:
            raise RefusedError("another member must confirm it")
        act = Act(request.act)
        found = await self._find(act, request.target, request.value)
        if found.stands != request.stands:
            raise RefusedError("that has changed since it was asked for: ask anew")
        await self._storage.run(lambda db: _check_staff(db, request.asked_by))
        await self._note(by, found.account, _verb(act), request, f"staff:{request.asked_by}")

        def take(db: sqlite3.Connection) -> None:
            """Once, and for who may: two may confirm, and somebody may be frozen, at the same moment."""
            for person in (request.asked_by, by.person):
                _check_staff(db, person)
            if request not in requests(db, self._clock.now_ms()):
                raise _gone()
            forget_request(db, request.id)

        await self._storage.run(take)
        await self._deeds[act].do(request.target, request.value, by)
        if found.account:
            notice = ActNotice(
                account=found.account,
                act=act,
                value=request.value,
                reason=request.reason,
                asked_by=request.asked_by,
                confirmed_by=by.person,
                at_ms=self._clock.now_ms(),
            )
            await self._told.tell(notice)

    async def refuse(self, by: Session, request: ActRequest) -> None:
        """Any member may, whoever asked too."""
        kind, _, name = request.target.partition(":")
        await self._note(by, name if kind == "account" else "", f"refuse_{_verb(Act(request.act))}", request)
        if not await self._storage.run(lambda db: forget_request(db, request.id)):
            raise _gone()

    async def _find(self, act: Act, target: str, value: str) -> Standing:
        deed = self._deeds.get(act)
        if deed is None:
            raise RefusedError("two persons are not needed for that", status=400)
        return await deed.find(target, value)

    async def _note(self, by: Session, account: str, verb: str, request: ActRequest, *more: str) -> None:
        value = [f"value:{request.value}"] if request.value else []
        scope = (by.scope, request.target, *more, *value, f"because:{request.reason}")
        await self._notes.note(account or OPERATOR, by.actor, verb, scope)


def _verb(act: Act) -> str:
    return act.replace(".", "_")


def _gone() -> RefusedError:
    return RefusedError("nobody asks for that, or not any more: ask anew")


def _check_staff(db: sqlite3.Connection, person: str) -> None:
    member = staff_rows.member_of(db, person)
    if member is None or member.removed_ms is not None or is_kept_out(db, person):
        raise RefusedError("who asked or confirms is not staff any more, or kept out")
