"""Two who declare at once, one who hangs up, a ledger that fills: what is on disk holds, and each is told of it."""

import asyncio
from collections.abc import Sequence

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.kms.service import KeyService
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.ledger import AccessEntry

from .conftest import HOUR_MS, Credential, MemoryLedger, Opener
from .test_duties import ACCOUNT, ANN, BOB, OTHER, asked, declared, sent, signed, two_accounts


def told(ledger: MemoryLedger, verb: str = "duty.declare") -> list[str]:
    return [entry.account for entry in ledger.entries if entry.verb == verb]


async def hung_up(asking: asyncio.Task[object]) -> None:
    """Whoever asked is gone while the change is being written."""
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def test_of_two_changes_at_once_one_is_refused(service_at: Opener, ledger: MemoryLedger) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared(["kind"]))
            for another in (service.declare_duty(declared(["remote"])), service.end_duty(erase=True)):
                number, refused = await asyncio.gather(
                    service.declare_duty(declared()), another, return_exceptions=True
                )
                assert isinstance(refused, KeyRefusedError)
                newest, *former = await service.duties()
                assert (newest.number, newest.ended_ms, newest.erased) == (number, None, False)
                assert all(duty.ended_ms is not None for duty in former)
                assert (await sent(service)) is not None

    asyncio.run(scene())


def test_an_end_holds_though_whoever_ordered_it_hung_up(service_at: Opener, ledger: MemoryLedger) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            await hung_up(asyncio.create_task(service.end_duty(erase=False)))
            await settled(service)
            assert await sent(service) is None
            assert told(ledger, "duty.end") == ["", ACCOUNT, OTHER]

    asyncio.run(scene())


def test_a_declaration_goes_on_though_whoever_made_it_hung_up(service_at: Opener, ledger: MemoryLedger) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await hung_up(asyncio.create_task(service.declare_duty(declared())))
            await settled(service)
            assert [duty.number for duty in await service.duties()] == [1]
            assert await sent(service) is not None
            assert await service.declare_duty(declared()) == 2

    asyncio.run(scene())


async def settled(service: KeyService) -> None:
    """What was under way is written, and told at the next tidying."""
    async with service._duties._changing:
        pass
    await service.tidy()
    assert service._duties.untold is None


def test_a_ledger_with_little_room_has_it_once_for_each_account(
    service_at: Opener, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.kms.verbs.duty.TOLD_AT_ONCE", 2)
    accounts = [f"AC{n:032x}" for n in range(9)]
    room = 0
    append = ledger.append

    async def bounded(entries: Sequence[AccessEntry]) -> None:
        nonlocal room
        if len(entries) > room:
            raise OSError(28, "no space left")
        room -= len(entries)
        await append(entries)

    async def scene() -> None:
        nonlocal room
        async with service_at() as service:
            for account in accounts:
                await service.create_account(account, [Credential(account, account).slot])
            monkeypatch.setattr(ledger, "append", bounded)
            room = 5
            with pytest.raises(ConnectionError):
                await service.declare_duty(declared())
            for _ in range(3):
                assert await service.duties() == []
                with pytest.raises(ConnectionError):
                    await service.tidy()
            room = 5
            await service.tidy()
            assert [duty.number for duty in await service.duties()] == [1]
            assert told(ledger) == ["", *accounts]

    asyncio.run(scene())


def test_an_account_that_could_not_be_told_is_not_made(
    service_at: Opener, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = ledger.append

    async def full_by_then(entries: Sequence[AccessEntry]) -> None:
        if any(entry.verb == "duty.declare" for entry in entries):
            raise OSError(28, "no space left")
        await append(entries)

    async def scene() -> None:
        async with service_at() as service:
            await service.declare_duty(declared())
            monkeypatch.setattr(ledger, "append", full_by_then)
            with pytest.raises(ConnectionError):
                await service.create_account(ACCOUNT, [Credential(ACCOUNT, ACCOUNT).slot])
            with pytest.raises(KeyRefusedError, match="no such account"):
                await service.seal_record(ACCOUNT, "SM1", "+15550199")

    asyncio.run(scene())


def test_an_account_that_is_made_while_it_is_told_of_a_duty_is_told(
    service_at: Opener, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place in the order is passed before it is there."""
    monkeypatch.setattr("ringfence.kms.verbs.duty.TOLD_AT_ONCE", 1)
    first, last = "AC" + "0" * 32, "AC" + "f" * 32

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(last, [Credential(last, last).slot])
            create, made = service._slots.create, asyncio.Event()

            async def slow(*arguments: object) -> None:
                await made.wait()
                await create(*arguments)  # type: ignore[arg-type]

            monkeypatch.setattr(service._slots, "create", slow)
            making = asyncio.create_task(service.create_account(first, [Credential(first, first).slot]))
            await asyncio.sleep(0)
            append = ledger.append

            async def seen(entries: Sequence[AccessEntry]) -> None:
                await append(entries)
                if entries[0].account == last:
                    made.set()
                    await making

            monkeypatch.setattr(ledger, "append", seen)
            await service.declare_duty(declared())
            assert set(told(ledger)) == {"", first, last}

    asyncio.run(scene())


def test_a_request_that_comes_too_late_is_written_down(
    service_at: Opener, at_noon: ManualClock, ledger: MemoryLedger
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            request = await asked(service, at_noon)
            at_noon.advance(72 * HOUR_MS)
            with pytest.raises(ValueError, match="72 hours"):
                await service.open_duty(request, signed(request, ANN, BOB), after=0)
            assert [(entry.account, entry.verb) for entry in ledger.later] == [(ACCOUNT, "refused.open_duty")]

    asyncio.run(scene())
