import asyncio
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.epoch import first_epoch, last_epoch
from ringfence.kms.held_keys import HELD_MAX, RECORDS_MAX, HeldSealingKeys
from ringfence.ports.keys import Caller, SealingKey

AC, SUB = "AC" + "a" * 32, "AC" + "b" * 32
MINUTE_MS = 60_000


class Service:
    """Counts how often it is asked, and what it is told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.told: list[int] = []
        self.away = False

    async def fetch(self, sealed: int) -> SealingKey:
        self.told.append(sealed)
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError("away")
        return SealingKey(
            epoch=first_epoch(self.clock.now_ms()), epoch_key=b"%d" % len(self.told), index_day=0, index_key=b""
        )


def caller(credential: str = AC, seed: bytes = b"s") -> Caller:
    return Caller(account=AC, credential=credential, seed=seed)


def test_a_key_is_held_for_a_minute_and_no_longer(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        first = await held.get(caller(), AC, service.fetch)
        at_noon.advance(MINUTE_MS - 1)
        assert await held.get(caller(), AC, service.fetch) == first
        at_noon.advance(1)
        assert await held.get(caller(), AC, service.fetch) != first
        assert service.told == [0, 2]

    run(scene())


def test_a_key_is_not_held_past_its_hour(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        at_noon.advance(60 * MINUTE_MS - 1)
        first = await held.get(caller(), AC, service.fetch)
        at_noon.advance(1)
        second = await held.get(caller(), AC, service.fetch)
        assert second.epoch == first.epoch + 256

    run(scene())


def test_the_last_epoch_of_an_hour_is_held_as_any_other(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        held = HeldSealingKeys(at_noon)
        last = SealingKey(epoch=last_epoch(at_noon.now_ms()), epoch_key=b"k", index_day=0, index_key=b"")
        asked: list[int] = []

        async def fetch(sealed: int) -> SealingKey:
            asked.append(sealed)
            return last

        for _ in range(2):
            assert await held.get(caller(), AC, fetch) is last
        assert asked == [0]

    run(scene())


def test_so_many_records_and_the_service_is_told(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        for _ in range(RECORDS_MAX + 1):
            await held.get(caller(), AC, service.fetch)
        assert service.told == [0, RECORDS_MAX]

    run(scene())


def test_many_at_once_ask_once(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        keys = await asyncio.gather(*(held.get(caller(), AC, service.fetch) for _ in range(20)))
        assert len({key.epoch_key for key in keys}) == 1
        at_noon.advance(MINUTE_MS)
        await held.get(caller(), AC, service.fetch)
        assert service.told == [0, 20]

    run(scene())


def test_another_secret_credential_or_account_asks_for_itself(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        for who, account in ((caller(), AC), (caller(seed=b"t"), AC), (caller("SK1"), AC), (caller(), SUB)):
            await held.get(who, account, service.fetch)
        assert service.told == [0, 0, 0, 0]

    run(scene())


@pytest.mark.parametrize(("changed", "asked_again"), [(AC, [AC, SUB]), (SUB, [SUB]), ("AC9", [])])
def test_a_change_of_credentials_asks_anew(
    run: Any, at_noon: ManualClock, changed: str, asked_again: list[str]
) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        for account in (AC, SUB):
            await held.get(caller(), account, service.fetch)
        held.forget(changed)
        for account in (AC, SUB):
            before = len(service.told)
            await held.get(caller(), account, service.fetch)
            assert (len(service.told) > before) == (account in asked_again)

    run(scene())


def test_a_service_that_is_away_is_asked_again_next_time(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        service.away = True
        with pytest.raises(ConnectionError):
            await held.get(caller(), AC, service.fetch)
        service.away = False
        await held.get(caller(), AC, service.fetch)
        assert len(service.told) == 2

    run(scene())


def test_what_is_held_is_bounded(run: Any, at_noon: ManualClock) -> None:
    async def scene() -> None:
        service, held = Service(at_noon), HeldSealingKeys(at_noon)
        for number in range(HELD_MAX + 5):
            await held.get(caller(f"SK{number}"), AC, service.fetch)
        assert len(held._held) == HELD_MAX
        at_noon.advance(MINUTE_MS)
        await held.get(caller(), AC, service.fetch)
        assert len(held._held) == 1

    run(scene())
