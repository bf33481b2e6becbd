"""Live epochs and index keys: begun when they are needed, once, sealed to tenant and dispatcher, and let go in time."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.epoch import (
    RECORDS_PER_EPOCH,
    first_epoch,
    last_epoch,
    open_epoch_key,
    open_index_key,
)
from ringfence.domain.sealing.record import RecordSealer
from ringfence.kms import live_epochs
from ringfence.kms.day_keys import DayKeys
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.live_epochs import COUNT_STEP, LiveEpochs
from ringfence.kms.slot_keys import SlotKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.keys import KeyRefusedError

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TODAY = 19_700
OTHERS = ("AC" + "b" * 32, "AC" + "c" * 32)


class Keys:
    """Live epochs over a store and key files of their own."""

    def __init__(self, store: KeyStore, folder: Path, clock: ManualClock) -> None:
        files = KeyFiles(folder)
        files.prepare()
        self.store = store
        self.clock = clock
        self.days = DayKeys(files, clock)
        self.days.load()
        self.slots = SlotKeys(store, clock)
        self.live = LiveEpochs(store, self.days, clock)

    def restarted(self) -> LiveEpochs:
        return LiveEpochs(self.store, self.days, self.clock)

    def epochs(self) -> list[Any]:
        return self.store.rows("SELECT epoch, generation, records, sealed FROM epoch ORDER BY epoch")


@pytest.fixture
def keys_at(tmp_path: Path, at_noon: ManualClock, account: str, token: Any, api_key: Any) -> Any:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Keys]:
        store = KeyStore(tmp_path / "kms.db")
        await store.open()
        keys = Keys(store, tmp_path / "keys", at_noon)
        await keys.slots.create(account, [token.slot, api_key.slot], None)
        try:
            yield keys
        finally:
            await store.close()

    return opened


def test_an_epoch_begins_with_its_hour_sealed_to_tenant_and_dispatcher(
    run: Any, keys_at: Any, account: str, token: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            content = keys.slots.open(token.caller, account).content
            for _ in range(2):
                live = await keys.live.epoch(account)
                assert (live.number, live.generation, live.records) == (first_epoch(at_noon.now_ms()), 0, 0)
                assert await keys.live.epoch(account) is live
                (_, generation, records, sealed) = keys.epochs()[-1]
                assert (generation, records) == (0, 0)
                assert open_epoch_key(sealed, content[0].recipient, account, live.number) == live.key
                day, copy = keys.store.row("SELECT key_day, sealed FROM delivery_epoch WHERE epoch = ?", live.number)
                assert day == TODAY
                assert keys.days.of(day).open_epoch(account, live.number, copy) == live.key
                at_noon.advance(HOUR_MS)
            assert len(keys.epochs()) == 2

    run(scene())


def test_an_index_key_is_the_days_sealed_to_tenant_and_dispatcher(
    run: Any, keys_at: Any, account: str, token: Any, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            content = keys.slots.open(token.caller, account).content
            for today in (TODAY, TODAY + 1):
                found = await keys.live.index_key(account)
                day, key = found
                assert day == today
                assert await keys.live.index_key(account) is found
                assert await keys.restarted().index_key(account) == found
                generation, sealed = keys.store.row("SELECT generation, sealed FROM index_key WHERE day = ?", day)
                assert generation == 0
                assert open_index_key(sealed, content[0].recipient, account, day) == key
                key_day, copy = keys.store.row("SELECT key_day, sealed FROM delivery_index WHERE day = ?", day)
                assert key_day == today
                assert keys.days.of(key_day).open_index(account, day, copy) == key
                at_noon.advance(DAY_MS)

    run(scene())


def test_a_day_whose_copy_is_lost_gets_another_index_key_for_the_rest_of_it(
    run: Any, keys_at: Any, account: str, token: Any
) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            before = await keys.live.index_key(account)
            await keys.store.write(lambda db: db.execute("DELETE FROM delivery_index"))
            day, key = await keys.restarted().index_key(account)
            assert key != before[1]
            ((sealed,),) = keys.store.rows("SELECT sealed FROM index_key")
            recipient = keys.slots.open(token.caller, account).content[0].recipient
            assert open_index_key(sealed, recipient, account, day) == key

    run(scene())


def test_an_account_that_does_not_exist_is_refused(run: Any, keys_at: Any) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            for asked in (keys.live.epoch(OTHERS[0]), keys.live.index_key(OTHERS[0])):
                with pytest.raises(KeyRefusedError, match=r"^no such account$"):
                    await asked
            await keys.live.count(OTHERS[0], COUNT_STEP)  # of what is not live nothing is counted

    run(scene())


def test_many_who_ask_at_once_get_the_same(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            epochs = await asyncio.gather(*(keys.live.epoch(account) for _ in range(5)))
            assert len(set(map(id, epochs))) == 1
            indexes = await asyncio.gather(*(keys.live.index_key(account) for _ in range(5)))
            assert len(set(map(id, indexes))) == 1
            assert len(keys.epochs()) == 1

    run(scene())


def test_accounts_that_ask_at_once_get_each_its_own(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            await keys.slots.create(OTHERS[0], [], None)
            both = (account, OTHERS[0])
            epochs = await asyncio.gather(*map(keys.live.epoch, both))
            indexes = await asyncio.gather(*map(keys.live.index_key, both))
            for who, live, index in zip(both, epochs, indexes, strict=True):
                assert await keys.restarted().index_key(who) == index
                assert (await keys.restarted().epoch(who)).key == live.key
                assert live.record_keys.key("SM1") == RecordSealer(live.key, who).key("SM1")
            assert epochs[0].key != epochs[1].key
            assert indexes[0] != indexes[1]

    run(scene())


def test_who_stops_waiting_stops_nobody_else(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            first, second = (asyncio.ensure_future(keys.live.epoch(account)) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second).number == first_epoch(keys.clock.now_ms())
            assert first.cancelled()

    run(scene())


def test_a_full_epoch_gives_way_to_the_next_number(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            first = await keys.live.epoch(account)
            await keys.live.count(account, RECORDS_PER_EPOCH - 1)
            assert await keys.live.epoch(account) is first
            await keys.live.count(account, 1)
            second = await keys.live.epoch(account)
            assert (second.number, second.records) == (first.number + 1, 0)
            # What was full before a restart is full after it.
            await keys.live.count(account, RECORDS_PER_EPOCH)
            assert (await keys.restarted().epoch(account)).number == first.number + 2

    run(scene())


def test_the_last_number_of_an_hour_takes_what_comes(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            last = last_epoch(keys.clock.now_ms())
            await keys.store.write(
                lambda db: db.execute(
                    "INSERT INTO epoch (account, epoch, generation, sealed) VALUES (?, ?, 0, x'00')",
                    (account, last - 1),
                )
            )
            live = await keys.live.epoch(account)
            assert live.number == last
            await keys.live.count(account, 2 * RECORDS_PER_EPOCH)
            assert await keys.live.epoch(account) is live
            assert (await keys.restarted().epoch(account)).number == last
            await keys.store.write(lambda db: db.execute("DELETE FROM delivery_epoch"))
            with pytest.raises(ConnectionError, match=r"^the epochs of this hour are used up$"):
                await keys.restarted().epoch(account)

    run(scene())


def test_a_new_content_key_begins_an_epoch_of_its_own(
    run: Any, keys_at: Any, account: str, token: Any, api_key: Any
) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            before = await keys.live.epoch(account)
            await keys.slots.revoke(account, api_key.sid)
            for live in (keys.restarted(), keys.live):
                after = await live.epoch(account)
                assert (after.number, after.generation) == (before.number + 1, 1)
            content = keys.slots.open(token.caller, account).content
            sealed = keys.epochs()[-1][-1]
            assert open_epoch_key(sealed, content[1].recipient, account, after.number) == after.key

    run(scene())


def test_after_a_restart_the_epoch_goes_on_with_what_was_counted(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            first = await keys.live.epoch(account)
            for records, known in (
                *((COUNT_STEP - 1, 0), (0, 0), (-5, 0), (1, COUNT_STEP)),
                *((COUNT_STEP - 2, COUNT_STEP), (1, COUNT_STEP)),  # it is not written for each
            ):
                await keys.live.count(account, records)
                assert [row[2] for row in keys.epochs()] == [known]
            again = await keys.restarted().epoch(account)
            assert (again.number, again.generation, again.key) == (first.number, first.generation, first.key)
            assert again.records == COUNT_STEP
            assert first.records == 2 * COUNT_STEP - 1

    run(scene())


def test_what_is_counted_is_the_accounts_own_and_of_the_live_epoch(run: Any, keys_at: Any, account: str) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            await keys.slots.create(OTHERS[0], [], None)
            for _ in range(2):
                await keys.live.epoch(account)
                await keys.live.epoch(OTHERS[0])
                keys.clock.advance(HOUR_MS)
            await keys.live.count(account, COUNT_STEP)
            counted = keys.store.rows("SELECT account, records FROM epoch ORDER BY account, epoch")
            assert counted == [(account, 0), (account, COUNT_STEP), (OTHERS[0], 0), (OTHERS[0], 0)]

    run(scene())


def test_an_epoch_is_let_go_of_once_it_is_closed_and_no_index_key_before_its_day(
    run: Any, keys_at: Any, account: str
) -> None:
    async def scene() -> None:
        async with keys_at() as keys:
            live = await keys.live.epoch(account)
            index = await keys.live.index_key(account)
            keys.live.forget_past()
            assert await keys.live.epoch(account) is live
            assert await keys.live.index_key(account) is index
            held = weakref.ref(live)
            del live
            keys.clock.advance(HOUR_MS + 600_000 - 1)
            keys.live.forget_past()
            assert held() is not None
            keys.clock.advance(1)
            keys.live.forget_past()
            assert held() is None
            assert await keys.live.index_key(account) is index

    run(scene())


def test_so_many_are_held_and_the_oldest_makes_way(
    run: Any, keys_at: Any, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_epochs, "LIVE_MAX", 2)

    async def scene() -> None:
        async with keys_at() as keys:
            for other in OTHERS:
                await keys.slots.create(other, [], None)
            await keys.live.epoch(account)
            second = await keys.live.epoch(OTHERS[0])
            await keys.live.count(account, RECORDS_PER_EPOCH)
            first = await keys.live.epoch(account)  # the next one in the place of the account's own
            assert await keys.live.epoch(OTHERS[0]) is second
            await keys.live.epoch(OTHERS[1])
            assert await keys.live.epoch(OTHERS[0]) is second
            again = await keys.live.epoch(account)
            assert (again.number, again is first) == (first.number, False)

    run(scene())
