"""The store in memory and the real key service, for use cases that need both."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.slots import slot_seed
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller
from ringfence.store.memory import MemoryStore


class Parts:
    """What an accounts use case is given."""

    def __init__(self, store: MemoryStore, keys: KeyService, clock: ManualClock) -> None:
        self.store = store
        self.keys = keys
        self.clock = clock

    @property
    def all(self) -> tuple[MemoryStore, KeyService, ManualClock]:
        return self.store, self.keys, self.clock

    def caller(self, account: str, secret: str, credential: str | None = None) -> Caller:
        name = credential or account
        return Caller(account=account, credential=name, seed=slot_seed(secret, name))


@pytest.fixture
def with_parts(
    tmp_path: Path, clock: ManualClock, run: Callable[..., Any]
) -> Callable[[Callable[[Parts], Coroutine[Any, Any, None]]], None]:
    """Run one test's coroutine over fresh parts."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Parts]:
        log = LedgerWriter(tmp_path)
        await log.open(clock.now_ms())
        keys = KeyService(tmp_path, clock, log)
        await keys.open()
        store = MemoryStore()
        await store.open()
        yield Parts(store, keys, clock)
        await keys.close()
        await log.close()

    def runner(test: Callable[[Parts], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            async with opened() as parts:
                await test(parts)

        run(whole())

    return runner
