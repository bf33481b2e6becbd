"""What no member of staff does alone: one asks and says why, another confirms.

A request lasts an hour, and is for its target as it stood: what has changed since needs another. It ends with the
session that asked, however that ends; and whoever asked must be one who may ask for it still when it is confirmed.
Why: a session of staff may be somebody else's.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from ringfence.console.act_notices import ActNotice, ActNotices
from ringfence.console.lockout import is_kept_out
from ringfence.console.operator import staff_rows
from ringfence.console.operator.act_names import Act, AskedAct, May, every_member_may
from ringfence.console.operator.request_rows import ActRequest, forget_request, keep_request, requests
from ringfence.console.operator.staff_rows import StaffMember
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session, open_ids
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.ports.access_notes import OPERATOR, AccessNotes

REQUEST: Final = "AR"
REASON_MAX: Final = 200
OVERTAKEN: Final = "that has changed since it was asked for: ask anew"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a target stands, in any words that change with it; `account` is whose it is, "" for nobody's."""

    stands: str
    account: str = ""


class Deed(Protocol):
    """One kind of act."""

    async def find(self, target: str, value: str) -> Standing:
        """How the target stands now. RefusedError where this cannot be done to it."""

    async def do(self, target: str, value: str, stands: str, by: Session) -> None:
        """Do it to the target where it `stands` so in the moment of the change; `by` confirms. RefusedError else."""


class TwoPersonActs:
    """RefusedError says to a person why not. Each act is in the ledger before it happens; ConnectionError where not."""

    def __init__(
        self,
        storage: ConsoleStorage,
        deeds: Mapping[Act, Deed],
        notes: AccessNotes,
        clock: Clock,
        may: May = every_member_may,
    ) -> None:
        self._may = may
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

        def keep(db: sqlite3.Connection) -> None:
            _check_open(db, by, self._clock.now_ms())
            keep_request(db, request)

        await self._storage.run(keep)
        return request

    async def confirm(self, by: Session, request: ActRequest) -> None:
        """It is done. RefusedError for whoever asked, and where it stands otherwise now."""
        if request.asked_by == by.person:
            raise RefusedError("another member must confirm it")
        act = Act(request.act)
        found = await self._find_as_asked(act, request)
        people = (request.asked_by, by.person)
        staff = await self._storage.run(lambda db: [_staff(db, person) for person in people])
        await self._judge_again(act, request, found.account)
        await self._note(by, found.account, _verb(act), request, f"staff:{request.asked_by}")

        def take(db: sqlite3.Connection) -> None:
            """Once, and for who may: two may confirm, and somebody may be stopped, at the same moment."""
            now_ms = self._clock.now_ms()
            if [_staff(db, person) for person in people] != staff:
                raise RefusedError("who asked or confirms is there for something else by now: ask anew")
            _check_open(db, by, now_ms)
            if request not in requests(db, now_ms):
                raise _gone()
            forget_request(db, request.id)

        await self._storage.run(take)
        await self._deeds[act].do(request.target, request.value, request.stands, by)
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

    async def _judge_again(self, act: Act, request: ActRequest, account: str) -> None:
        """What was asked for is judged as it was then, by what who asked is there for now."""
        who, at_ms = request.asked_by, request.asked_ms
        try:
            for each, of in ((Act.REQUEST_ASK, ""), (act, account)):
                await self._may(AskedAct(act=each, staff=who, account=of, is_fresh=True, persons=1, at_ms=at_ms))
        except RefusedError:
            raise RefusedError("who asked may not ask for that any more") from None

    async def _find_as_asked(self, act: Act, request: ActRequest) -> Standing:
        found = await self._find(act, request.target, request.value)
        if found.stands != request.stands:
            raise RefusedError(OVERTAKEN)
        return found

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


def _staff(db: sqlite3.Connection, person: str) -> StaffMember:
    member = staff_rows.member_of(db, person)
    if member is None or member.removed_ms is not None or is_kept_out(db, person):
        raise RefusedError("who asked or confirms is not staff any more, or kept out")
    return member


def _check_open(db: sqlite3.Connection, by: Session, now_ms: int) -> None:
    if by.id not in open_ids(db, "staff", now_ms):
        raise RefusedError("your session has ended: sign in again")
