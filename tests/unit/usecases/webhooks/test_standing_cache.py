"""What was opened is remembered for a minute, under the sealed bytes themselves."""

from ringfence.domain.clock import ManualClock
from ringfence.usecases.webhooks import standing_cache
from ringfence.usecases.webhooks.standing_cache import StandingCache

from .conftest import LocalKeys


def test_opened_once_a_minute(run, clock: ManualClock) -> None:
    async def scenario() -> None:
        keys = LocalKeys()
        cache = StandingCache(keys, clock)
        sealed = keys.seal_standing("AC1", "r", b"value")
        for _ in range(3):
            assert await cache.open("AC1", "r", sealed) == b"value"
        clock.advance(59_999)
        await cache.open("AC1", "r", sealed)
        assert keys.opened_standing == 1
        clock.advance(1)
        await cache.open("AC1", "r", sealed)
        assert keys.opened_standing == 2

    run(scenario())


def test_a_new_value_is_opened_at_once(run, clock: ManualClock) -> None:
    async def scenario() -> None:
        keys = LocalKeys()
        cache = StandingCache(keys, clock)
        assert await cache.open("AC1", "r", keys.seal_standing("AC1", "r", b"old")) == b"old"
        assert await cache.open("AC1", "r", keys.seal_standing("AC1", "r", b"new")) == b"new"

    run(scenario())


def test_memory_is_bounded(run, clock: ManualClock, monkeypatch) -> None:
    monkeypatch.setattr(standing_cache, "MAX_ENTRIES", 10)

    async def scenario() -> None:
        keys = LocalKeys()
        cache = StandingCache(keys, clock)
        for n in range(50):
            await cache.open("AC1", "r", keys.seal_standing("AC1", "r", b"%d" % n))
        assert len(cache._opened) <= 10

    run(scenario())
