"""Notices reach a tenant's program, signed, out of a frozen account too, while what else waits there waits on."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.dispatch.test_webhooks import loop_of, running, until

from ringfence.dispatch import duty_notices
from ringfence.dispatch.bells import Bells
from ringfence.dispatch.duty_notices import tell_duties
from ringfence.domain.ledger.blast import Reach
from ringfence.domain.standing import notice_address_record
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.retention import Duty
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.access.tell_duties import DutyNotices
from ringfence.usecases.access.tell_notices import FreezeNotices, blast_notice, tell_notices

from ..usecases.webhooks.conftest import ACCOUNT, Installation, Program

REACH = Reach(account=ACCOUNT, openings=1, objects=("grant_open:SM1",), first_ms=5, last_ms=6)


async def addressed(installation: Installation, url: str) -> None:
    await installation.open()
    sealed = installation.keys.seal_standing(ACCOUNT, notice_address_record(ACCOUNT), url.encode())
    await installation.store.keep_notice_address(NoticeAddress(account=ACCOUNT, standing=sealed, updated_ms=0))


def test_a_frozen_account_is_told_so_and_nothing_else(run: Any, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        store, clock = installation.store, installation.clock
        await addressed(installation, program.url("status"))
        await freeze(store, clock, "account", ACCOUNT)
        await installation.outbound(program.url("status"), "sent")
        assert await FreezeNotices(store, "https://console.example").round() == 1
        async with running(loop_of(installation)):
            await until(lambda: program.seen)
            (seen,) = program.seen
            assert seen.valid, "it is signed as other webhooks are"
            assert (seen.params["NoticeType"], seen.params["Name"]) == ("freeze", ACCOUNT)
            (event,) = [each.row for each in store._events.values() if each.row.kind == "notice.freeze"]

            async def settled() -> bool:
                (notice,) = await store.events(ACCOUNT, event.message_sid)
                return notice.state == "done"

            await until(settled)
            assert len(program.seen) == 1, "a text's status waits for the thaw"
            (attempt,) = await store.attempts(ACCOUNT, event.message_sid)
            assert (attempt.http_status, attempt.detail) == (204, b"")
            await thaw(store, clock, "account", ACCOUNT)
            await until(lambda: len(program.seen) == 2)
            assert program.seen[1].params["MessageStatus"] == "sent"

    run(scenario())


def test_one_that_fails_is_told_again_and_one_without_an_address_is_done(
    run: Any, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        store = installation.store
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        await addressed(installation, f"http://127.0.0.1:{port}/")
        notice = blast_notice(REACH, "session", "CS1", "https://console.example", installation.clock.now_ms())
        assert await tell_notices(store, [notice]) == 1
        async with running(loop_of(installation)):

            async def tried() -> bool:
                (event,) = await store.events(ACCOUNT, notice.sid)
                return (event.state, event.attempts) == ("pending", 1)

            await until(tried)
        assert await store.drop_notice_address(ACCOUNT, at_ms=installation.clock.now_ms())
        (event,) = await store.events(ACCOUNT, notice.sid)
        await store.defer_events([event], 0)
        async with running(loop_of(installation)):

            async def done() -> bool:
                (event,) = await store.events(ACCOUNT, notice.sid)
                return event.state == "done"

            await until(done)

    run(scenario())


class AwayAtFirst:
    """A key service that comes back, and knows of a duty."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self.asked = 0

    async def duties(self) -> Sequence[Duty]:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError("nothing answers")
        return [self._duty]


def test_a_program_is_told_of_a_duty_that_stands_though_its_account_is_frozen(
    run: Any, installation: Installation, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        store, clock = installation.store, installation.clock
        await addressed(installation, program.url("status"))
        await freeze(store, clock, "account", ACCOUNT)
        duty = Duty(
            number=4, fields=("remote",), days=9, basis="Act 7", officers=("ann", "bob"), declared_ms=clock.now_ms()
        )
        known = AwayAtFirst(duty)
        monkeypatch.setattr(duty_notices, "EVERY_S", 0.01)
        telling = asyncio.create_task(
            tell_duties(DutyNotices(store, known, clock, "https://console.example/retention"), Bells())
        )
        async with running(loop_of(installation)):
            await until(lambda: program.seen)
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
        (seen,) = program.seen
        assert seen.valid, "it is signed as other webhooks are"
        assert (seen.params["NoticeType"], seen.params["What"], seen.params["Duty"]) == ("duty", "declared", "4")
        assert known.asked > 1

    run(scenario())
