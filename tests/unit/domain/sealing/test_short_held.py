"""What opened keys leave in a process is gone soon after its minute, also where nobody asks any more."""

import asyncio
import hashlib
from types import SimpleNamespace
from typing import Any

import pytest

from ringfence.api.slot_seeds import SlotSeeds
from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing import sealer_cache
from ringfence.domain.sealing.epoch import first_epoch
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.domain.sealing.short_held import forget_expired
from ringfence.kms.held_keys import HeldSealingKeys
from ringfence.ports.keys import Caller, SealingKey
from ringfence.roles.short_held import letting_go

AC = "AC" + "a" * 32
MINUTE_MS = 60_000


def test_all_is_let_go_of_after_its_minute_and_not_before(
    run: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not in the module itself: the event loop has its time from there.
    monkeypatch.setattr(sealer_cache, "time", SimpleNamespace(monotonic=lambda: clock.monotonic_ms() / 1_000))
    seeds, keys, sealers = SlotSeeds(clock), HeldSealingKeys(clock), SealerCache()

    async def fetch(_: int) -> SealingKey:
        return SealingKey(epoch=first_epoch(clock.now_ms()), epoch_key=b"k" * 32, index_day=0, index_key=b"")

    def held() -> tuple[int, int, int, int]:
        return len(seeds._seeds), len(keys._held), len(sealers._sealers._made), len(sealers._indexers._made)

    async def story() -> None:
        seeds.of("SK1", "s", hashlib.sha256(b"s").digest())
        await keys.get(Caller(account=AC, credential=AC, seed=b"s"), AC, fetch)
        sealers.of(AC, b"k" * 32)
        sealers.indexer(b"k" * 32, 1)
        clock.advance(MINUTE_MS - 1)
        forget_expired()
        assert held() == (1, 1, 1, 1)
        clock.advance(2)
        assert held() == (1, 1, 1, 1)
        async with letting_go(every_s=0.001), asyncio.timeout(20):
            while any(held()):
                await asyncio.sleep(0.001)

    run(story())
