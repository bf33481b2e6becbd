"""Steps are written together and soon; where the store is away they wait, in bounds, and calls do not."""

import asyncio
from collections.abc import Sequence
from typing import Any

from ringfence.domain.call_step import StepDetail
from ringfence.domain.clock import ManualClock
from ringfence.ports.calls import StepRow
from ringfence.ports.store import DiskFullError
from ringfence.usecases.voice import step_writer
from ringfence.usecases.voice.step_writer import StepWriter

KEY = bytes(32)


class Store:
    def __init__(self) -> None:
        self.batches: list[list[StepRow]] = []
        self.full = False

    async def add_steps(self, steps: Sequence[StepRow]) -> None:
        if self.full:
            raise DiskFullError("no space")
        self.batches.append(list(steps))


def writer(store: Any) -> StepWriter:
    return StepWriter(store, ManualClock())


def add(to: StepWriter, text: str) -> None:
    to.add(KEY, "AC1", "CA1", "status", StepDetail(text=text))


def test_what_happens_at_once_is_written_together_and_sealed() -> None:
    async def story() -> None:
        store = Store()
        steps = writer(store)
        running = asyncio.create_task(steps.run())
        for number in range(3):
            add(steps, f"secret {number}")
        while not store.batches:
            await asyncio.sleep(0.01)
        running.cancel()
        ((first, *others),) = store.batches
        assert len(others) == 2
        assert (first.account, first.call_sid, first.kind) == ("AC1", "CA1", "status")
        assert b"secret" not in first.detail

    asyncio.run(story())


def test_a_full_disk_loses_nothing_that_fits() -> None:
    async def story() -> None:
        store = Store()
        store.full = True
        steps = writer(store)
        add(steps, "one")
        await steps.close()
        assert store.batches == []
        store.full = False
        add(steps, "two")
        await steps.close()
        assert len(store.batches[0]) == 2

    asyncio.run(story())


def test_of_too_many_the_oldest_go(monkeypatch: Any) -> None:
    async def story() -> None:
        monkeypatch.setattr(step_writer, "MAX_WAITING", 2)
        store = Store()
        steps = writer(store)
        for number in range(5):
            add(steps, str(number))
        await steps.close()
        assert len(store.batches[0]) == 2

    asyncio.run(story())
