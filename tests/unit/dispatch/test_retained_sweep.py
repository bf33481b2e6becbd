"""What a duty kept is erased when its time has come, some at a time, whatever the store does meanwhile."""

from structlog.testing import capture_logs

from ringfence.dispatch.retained_sweep import sweep_retained
from ringfence.domain.clock import ManualClock
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.testing.still_loop import StillLoop

MINUTE_MS = 60_000


class Kept:
    """A store that has so many rows past their time, and may be away."""

    def __init__(self, past: int) -> None:
        self.past = past
        self.asked: list[tuple[int, int]] = []
        self.away: Exception | None = None

    async def retained(self, *_: object, **__: object) -> list[object]:
        raise AssertionError("who erases does not read")

    async def erase_retained(self, now_ms: int, limit: int) -> int:
        self.asked.append((now_ms, limit))
        if self.away is not None:
            raise self.away
        erased = min(limit, self.past)
        self.past -= erased
        return erased


def test_all_that_is_past_goes_a_thousand_at_a_time_and_then_it_is_looked_at_each_minute(clock: ManualClock) -> None:
    store, loop = Kept(2_500), StillLoop(clock)
    sweep = loop.create_task(sweep_retained(store, clock))
    with capture_logs() as logs:
        loop.run_ready()
    assert logs == [{"event": "retained erased", "log_level": "info", "count": 2_500}]
    assert store.past == 0
    assert store.asked == [(clock.now_ms(), 1_000)] * 4
    assert loop.next_timer_ms == MINUTE_MS
    clock.advance(MINUTE_MS)
    with capture_logs() as logs:
        loop.run_ready()
    assert logs == []
    store.past, store.asked = 1, []
    clock.advance(MINUTE_MS)
    loop.run_ready()
    assert store.asked == [(clock.now_ms(), 1_000)] * 2
    assert not sweep.done()
    sweep.cancel()
    loop.run_ready()
    loop.close()


def test_a_store_that_is_away_is_asked_again_a_minute_later(clock: ManualClock) -> None:
    store, loop = Kept(5), StillLoop(clock)
    sweep = loop.create_task(sweep_retained(store, clock))
    for away in (StoreFailedError("away"), QueueFullError()):
        store.away = away
        with capture_logs() as logs:
            loop.run_ready()
        assert logs == [{"event": "store away", "log_level": "warning", "error": type(away).__name__}]
        assert store.past == 5
        assert loop.next_timer_ms == MINUTE_MS
        clock.advance(MINUTE_MS)
    store.away = None
    loop.run_ready()
    assert store.past == 0
    assert not sweep.done()
    sweep.cancel()
    loop.run_ready()
    loop.close()
