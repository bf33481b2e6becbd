"""A member shares one record: whoever has its code reads that, in a session of staff, until it ends."""

import os
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.usecases.access.test_grants import Scene, refusal, scene

from ringfence.domain.access.grant import SHARED, Grant, GrantState
from ringfence.domain.access.refusal import Refusal
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.grant import open_grant
from ringfence.domain.sealing.record import open_field
from ringfence.domain.sid import new_sid
from ringfence.drills.grant_room import FIELD
from ringfence.usecases.access.end_grant import end_as_member
from ringfence.usecases.access.share_record import share_record
from ringfence.usecases.access.use_grant import use_shared

CODE = hpke.Recipient(os.urandom(32), hybrid=True)
ADA, BO = "ST" + "7" * 32, "ST" + "8" * 32
AT_HERS, AT_THEIRS = "CS" + "7" * 32, "CS" + "8" * 32


async def shared(at: Scene, **changes: Any) -> Grant:
    """The tenant's approver shares the first text for an hour."""
    room, account, now_ms = at.room, at.tenant.account, at.room.clock.now_ms()
    wanted = Grant(
        sid=new_sid("GR", now_ms),
        tenant=account,
        account=account,
        staff=SHARED,
        session=SHARED,
        public=CODE.public,
        committed=b"",
        scope=at.scope,
        reason="",
        minutes=60,
        asked_ms=now_ms,
        expires_ms=now_ms + 3_600_000,
    )
    sealed = await room.seal(wanted, at.tenant)
    return await share_record(
        room.book, room.keys, room.clock, replace(wanted, **changes), at.tenant.approver(now_ms), sealed
    )


async def use(at: Scene, sid: str, staff: str = ADA, session: str = AT_HERS) -> Any:
    return await use_shared(at.room.book, at.room.keys, at.room.clock, sid, staff=staff, session=session)


def test_whoever_has_the_code_reads_it_and_the_tenant_sees_who_did(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            grant = await shared(at)
            for staff, session in ((ADA, AT_HERS), (BO, AT_THEIRS)):
                found, sealed = await use(at, grant.sid, staff, session)
                assert found == grant
                (key,) = open_grant(grant.binding, sealed, CODE).values()
                assert open_field(key, at.text.account, at.text.sid, FIELD, at.text.sealed) == at.text.mark
            assert at.told()[1:] == [
                (f"member:{grant.approver}", "grant.keep"),
                (f"staff:{ADA}", "grant_open"),
                (f"staff:{BO}", "grant_open"),
            ]

    run(body())


def test_it_ends_at_its_time_or_when_the_member_says_so(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            first, second = await shared(at), await shared(at)
            room, who = at.room, at.tenant.approver(at.room.clock.now_ms())
            await end_as_member(room.book, room.keys, room.clock, first.sid, who)
            assert await refusal(use(at, first.sid)) is Refusal.ENDED
            room.clock.advance(3_599_999)
            await use(at, second.sid)
            room.clock.advance(1)
            assert await refusal(use(at, second.sid)) is Refusal.ENDED

    run(body())


def test_what_staff_asked_for_is_not_used_as_if_it_were_shared_nor_the_other_way_round(
    run: Any, tmp_path: Path
) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            granted = await at.room.granted(at.browser, at.tenant, at.scope)
            assert await refusal(use(at, granted.sid, at.browser.staff, at.browser.session)) is Refusal.UNKNOWN
            given = await shared(at)
            assert await refusal(at.use(given.sid, at.browser.session, at.text.sid)) is Refusal.UNKNOWN
            assert await refusal(use(at, "GR9")) is Refusal.UNKNOWN

    run(body())


def test_where_the_key_service_cannot_keep_it_nothing_is_shared(run: Any, tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as at:
            # Keys that were sealed for another end do not pass for this one's.
            with pytest.raises(ValueError, match="another grant"):
                await shared(at, expires_ms=at.room.clock.now_ms() + 3_600_001)
            (kept,) = await at.room.book.grants_of_tenant(at.tenant.account, "", 9)
            assert kept.state is GrantState.REVOKED
            assert await refusal(use(at, kept.sid)) is Refusal.ENDED

    run(body())
