"""Asked, answered, used and ended: each step is in the ledger, and each leaves keys only where a grant stands."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.access.grant import GrantState
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import Scope
from ringfence.domain.sealing.grant import open_grant
from ringfence.domain.sealing.record import open_field
from ringfence.domain.sid import is_sid, made_ms
from ringfence.drills.grant_room import FIELD, Room, Tenant
from ringfence.kms.memory import MemoryLedger
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.access.answer_grant import approve_grant, refuse_grant
from ringfence.usecases.access.ask_for_grant import named
from ringfence.usecases.access.end_grant import end_as_member, end_as_staff
from ringfence.usecases.access.use_grant import use_grant


class Scene:
    """A tenant with two texts, and a request for the first."""

    def __init__(self, room: Room, ledger: MemoryLedger) -> None:
        self.room = room
        self.ledger = ledger
        self.tenant: Tenant = room.tenants[0]
        self.text = self.tenant.texts[0]
        self.browser = room.session()
        self.scope = Scope(records=(self.text.sid,))

    async def use(self, sid: str, session: str, *names: str) -> Any:
        return await use_grant(self.room.book, self.room.keys, self.room.clock, sid, session=session, names=names)

    def told(self) -> list[tuple[str, str]]:
        return [(entry.actor, entry.verb) for entry in self.ledger.entries if entry.account == self.tenant.account]


@contextlib.asynccontextmanager
async def scene(path: Path) -> AsyncIterator[Scene]:
    ledger = MemoryLedger()
    room = Room(path, ledger)
    await room.open()
    try:
        await room.seed(1, 2)
        ledger.entries.clear()
        yield Scene(room, ledger)
    finally:
        await room.close()


async def refusal(work: Any) -> Refusal:
    with pytest.raises(AccessRefusedError) as refused:
        await work
    return refused.value.refusal


def test_what_was_approved_is_read_in_the_session_that_asked_and_the_tenant_sees_all_of_it(
    run: Any, tmp_path: Path
) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            grant = await at.room.granted(at.browser, at.tenant, at.scope)
            found, sealed = await at.use(grant.sid, at.browser.session, at.text.sid)
            assert found == grant
            (key,) = open_grant(grant.binding, sealed, at.browser.recipient).values()
            assert open_field(key, at.text.account, at.text.sid, FIELD, at.text.sealed) == at.text.mark
            member = f"member:{grant.approver}"
            assert at.told() == [
                ("staff:ST1", "note.ask_grant"),
                (at.tenant.account, "open_epochs"),
                (member, "grant.keep"),
                ("staff:ST1", "grant_open"),
            ]

    run(body())


def test_nothing_is_read_before_approval_by_another_session_or_beyond_the_scope(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            grant = await at.room.ask(at.browser, at.tenant, at.scope)
            assert await refusal(at.use(grant.sid, at.browser.session, at.text.sid)) is Refusal.ENDED
            await at.room.approve(grant, at.browser, at.tenant)
            assert await refusal(at.use(grant.sid, "CS9", at.text.sid)) is Refusal.UNKNOWN
            assert await refusal(at.use("GR9", at.browser.session, at.text.sid)) is Refusal.UNKNOWN
            other = at.tenant.texts[1].sid
            assert await refusal(at.use(grant.sid, at.browser.session, other)) is Refusal.SCOPE

    run(body())


def test_a_wrong_number_refuses_for_good(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            room = at.room
            grant = await room.match(await room.ask(at.browser, at.tenant, at.scope), at.browser, at.tenant)
            sealed = await room.seal(grant, at.tenant)

            async def approve(typed: str) -> Any:
                who = at.tenant.approver(room.clock.now_ms())
                return await approve_grant(
                    room.book, room.keys, room.keys, room.clock, grant.sid, who, typed=typed, sealed=sealed
                )

            assert await refusal(approve(f"{(int(grant.number) + 1) % 10**6:06d}")) is Refusal.NUMBER
            assert await refusal(approve(grant.number)) is Refusal.ENDED
            kept = await room.book.grant(grant.sid)
            assert kept is not None
            assert kept.state is GrantState.REFUSED
            assert at.told()[-1] == (f"member:{grant.approver}", "note.refuse_grant")

    run(body())


def test_where_keys_cannot_be_kept_nothing_is_approved(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            room = at.room
            grant = await room.match(await room.ask(at.browser, at.tenant, at.scope), at.browser, at.tenant)
            another = await room.granted(room.session(), at.tenant, at.scope)
            who, foreign = at.tenant.approver(room.clock.now_ms()), await room.seal(another, at.tenant)
            with pytest.raises(ValueError, match="another grant"):
                await approve_grant(
                    room.book, room.keys, room.keys, room.clock, grant.sid, who, typed=grant.number, sealed=foreign
                )
            kept = await room.book.grant(grant.sid)
            assert kept is not None
            assert kept.state is GrantState.REVOKED

    run(body())


@pytest.mark.parametrize("by", ["member", "staff"])
def test_either_side_ends_it_and_others_do_not(run: Any, tmp_path: Path, by: str) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            room, now_ms = at.room, at.room.clock.now_ms()
            grant = await room.granted(at.browser, at.tenant, at.scope)

            def end(member: Any = None, staff: str = "") -> Any:
                if member:
                    return end_as_member(room.book, room.keys, room.clock, grant.sid, member)
                return end_as_staff(room.book, room.keys, room.clock, grant.sid, staff)

            assert await refusal(end(at.tenant.approver(now_ms, account="AC9"))) is Refusal.UNKNOWN
            assert await refusal(end(at.tenant.approver(now_ms, approves=False))) is Refusal.NOT_APPROVER
            assert await refusal(end(staff="ST9")) is Refusal.UNKNOWN
            colleague = at.tenant.approver(now_ms, member="m-other")
            ended = await (end(colleague) if by == "member" else end(staff=at.browser.staff))
            assert (ended.state, ended.ended_by.partition(":")[0]) == (GrantState.REVOKED, by)
            assert await refusal(at.use(grant.sid, at.browser.session, at.text.sid)) is Refusal.ENDED
            with pytest.raises(KeyRefusedError):
                await room.keys.grant_boxes(grant.sid, at.browser.session, [at.text.sid])

    run(body())


def test_of_a_yes_and_a_no_at_once_one_holds(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            room, now_ms = at.room, at.room.clock.now_ms()
            for turn in range(4):
                browser = room.session()
                grant = await room.match(await room.ask(browser, at.tenant, at.scope), browser, at.tenant)
                yes = approve_grant(
                    *(room.book, room.keys, room.keys, room.clock, grant.sid, at.tenant.approver(now_ms)),
                    typed=grant.number,
                    sealed=await room.seal(grant, at.tenant),
                )
                no = refuse_grant(
                    *(room.book, room.keys, room.clock, grant.sid, at.tenant.approver(now_ms, member="m-other"))
                )
                both = (yes, no) if turn % 2 else (no, yes)
                failed = [one for one in await asyncio.gather(*both, return_exceptions=True) if not hasattr(one, "sid")]
                assert [type(one) for one in failed] == [AccessRefusedError]
                kept = await room.book.grant(grant.sid)
                assert kept is not None
                approved = kept.state is GrantState.APPROVED
                assert approved or kept.state is GrantState.REFUSED
                if not approved:
                    with pytest.raises(KeyRefusedError):
                        await room.keys.grant_boxes(grant.sid, browser.session, [at.text.sid])

    run(body())


def test_what_is_turned_away_is_in_the_tenants_ledger(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            for _ in range(3):
                await at.room.ask(at.browser, at.tenant, at.scope)
            assert await refusal(at.room.ask(at.browser, at.tenant, at.scope)) is Refusal.PENDING
            assert at.told()[-1] == ("staff:ST1", "note.grant_turned_away")
            assert at.ledger.entries[-1].scope == ("session:CS1", "because:pending")

    run(body())


def test_a_request_is_of_its_moment_and_the_ledger_names_what_was_asked_for(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            grant = await at.room.ask(at.browser, at.tenant, at.scope)
            now_ms = at.room.clock.now_ms()
            assert grant.asked_ms == now_ms
            assert is_sid(grant.sid, "GR")
            assert made_ms(grant.sid) == now_ms
            (entry,) = at.ledger.entries
            assert entry.scope == (f"session:{at.browser.session}", f"grant:{grant.sid}", at.text.sid)
            assert named(grant) == list(entry.scope[:2])
            for count, more in ((50, []), (51, ["more:1"]), (5_000, ["more:4950"])):
                names = [f"SM{n}" for n in range(count)]
                assert named(grant, names)[2:] == names[:50] + more

    run(body())
