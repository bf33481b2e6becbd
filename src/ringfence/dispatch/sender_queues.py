"""Drain leased sender queues into a carrier: at their rates, in order per (sender, recipient), under a fence."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
import structlog

from ringfence.dispatch.bells import Bell
from ringfence.dispatch.clock_watch import ClockWatch
from ringfence.dispatch.rates import Rates
from ringfence.domain.clock import Clock
from ringfence.ports.freezes import FrozenError
from ringfence.ports.store import Lease, MessageStore, Outcome, QueueFullError, StaleFenceError, StoreFailedError
from ringfence.usecases.messaging.deliver import Deliverer, Opened, Throttled

T = TypeVar("T")
_log = structlog.get_logger(__name__)

LEASE_TTL_MS = 1_500
LEASE_SKEW_MS = 300
# Texts of a queue that are opened at once: what it sends in a second, within these bounds.
PAGE_MIN = 32
PAGE_MAX = 500
# Queues that are worked on, and those held in all: the others wait for a rate, for media or for the carrier.
QUEUES_AT_ONCE = 128
QUEUES_HELD = 512
# After so long a queue gives way when there may be others that wait.
SLICE_MS = 500
POLL_MS = 200
RECONNECT_WAIT_MS = 250


class SenderQueues:
    """All of one carrier's sender queues that this dispatcher holds.

    At most one submit is outstanding per (sender, recipient), so that order holds; the lease is checked on the
    monotonic clock before each submit and sending stops one skew early, so that two dispatchers never both send.

    Queues are leased of the account of which fewest are held. When all places are taken a queue keeps its own for a
    slice of time, so that an account with a million texts in a thousand queues does not keep another's text waiting.
    """

    def __init__(
        self,
        store: MessageStore,
        deliverer: Deliverer,
        clock: Clock,
        rates: Rates,
        *,
        owner: str,
        carrier: str,
        count_throttled: Callable[[int], None] = lambda _: None,
        answers_late: bool = False,
    ):
        """`answers_late`: the carrier may take longer than a lease lasts, which is renewed meanwhile."""
        self._store = store
        self._deliverer = deliverer
        self._clock = clock
        self._rates = rates
        self._owner = owner
        self._carrier = carrier
        self.count_throttled = count_throttled
        self.answers_late = answers_late
        self._draining: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._watch = ClockWatch(clock)
        self._to_mend = False
        self._waiting = 0
        self._room_made = asyncio.Event()

    @property
    def crowded(self) -> bool:
        """True when no queue more is taken up."""
        return self._room() <= 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """A queue's place is free for another while it waits for something else than this dispatcher."""
        self._waiting += 1
        self._room_made.set()
        try:
            yield
        finally:
            self._waiting -= 1

    def _room(self) -> int:
        held = len(self._draining)
        return min(QUEUES_AT_ONCE - (held - self._waiting), QUEUES_HELD - held)

    async def run(self, bell: Bell) -> None:
        """Lease and drain until cancelled."""
        try:
            while True:
                try:
                    await self.heed_clock()
                    started = await self.lease_and_start()
                except (QueueFullError, StoreFailedError) as away:
                    _log.warning("store away", carrier=self._carrier, error=type(away).__name__)
                    await asyncio.sleep(RECONNECT_WAIT_MS / 1000)
                    continue
                if not started:
                    await bell.wait(POLL_MS)
        finally:
            for task in self._draining.values():
                task.cancel()
            await asyncio.gather(*self._draining.values(), return_exceptions=True)

    async def heed_clock(self) -> bool:
        """Leave nothing waiting for a time that comes a second time; True where texts waited for one."""
        self._to_mend = self._watch.was_set_back() or self._to_mend
        if not self._to_mend:
            return False
        moved = await self._store.clock_set_back(self._clock.now_ms, LEASE_TTL_MS)
        self._to_mend = False
        return moved > 0

    async def lease_and_start(self) -> int:
        """Take what is due and begin to drain it; how many queues were new."""
        while (room := self._room()) <= 0:
            self._room_made.clear()
            await self._room_made.wait()
        asked_ms = self._clock.monotonic_ms()
        leases = await self._store.lease(
            self._owner,
            self._carrier,
            self._clock.now_ms(),
            LEASE_TTL_MS,
            room,
            in_hand=Counter(account for account, _ in self._draining),
        )
        started = 0
        for lease in leases:
            queue = (lease.account, lease.sender)
            if queue not in self._draining:
                started += 1
                task = asyncio.create_task(self._drain(lease, asked_ms), name="drain")
                self._draining[queue] = task
                task.add_done_callback(lambda _, queue=queue: self._leave(queue))  # type: ignore[misc]
        return started

    def _leave(self, queue: tuple[str, str]) -> None:
        self._draining.pop(queue, None)
        self._room_made.set()

    async def drained(self) -> None:
        """Wait until every queue held now is drained (for tests and for stopping)."""
        await asyncio.gather(*self._draining.values(), return_exceptions=True)

    async def _drain(self, lease: Lease, leased_ms: int) -> None:
        try:
            await _Drain(self, lease, leased_ms).run()
            await self._store.release(lease)
        except StaleFenceError:
            _log.warning("lease lost", carrier=self._carrier)
        except FrozenError:
            # Its texts stand where they stood. Others' queues have their turn meanwhile.
            with self.waiting():
                await asyncio.sleep(LEASE_TTL_MS / 1000)
        except ConnectionError as away:
            _log.warning("carrier or key service away", carrier=self._carrier, error=type(away).__name__)
            await asyncio.sleep(RECONNECT_WAIT_MS / 1000)
        except (QueueFullError, StoreFailedError) as away:
            _log.warning("store away", carrier=self._carrier, error=type(away).__name__)
            await asyncio.sleep(RECONNECT_WAIT_MS / 1000)
        except Exception as failure:
            # One queue's trouble must not end the others: it is told, and tried again when its lease has run out.
            _log.exception("sender queue failed", carrier=self._carrier, error=type(failure).__name__)
            await asyncio.sleep(LEASE_TTL_MS / 1000)


class _Live(msgspec.Struct, kw_only=True):
    """A lease and the monotonic time after which nothing may be submitted under it."""

    lease: Lease
    stop_ms: int


class _Drain:
    """One sender queue from lease to empty, or to the end of its slice where others wait."""

    def __init__(self, queues: SenderQueues, lease: Lease, leased_ms: int) -> None:
        self._queues = queues
        self._store = queues._store
        self._deliverer = queues._deliverer
        self._clock = queues._clock
        self._rates = queues._rates
        self._live = _Live(lease=lease, stop_ms=leased_ms + LEASE_TTL_MS - LEASE_SKEW_MS)
        self._backlog: deque[Opened] = deque()
        self._slice_until_ms = leased_ms + SLICE_MS
        rate_mps = queues._rates.number_rate_mps(lease.sender)
        self._page = round(min(max(PAGE_MIN, rate_mps), PAGE_MAX))

    async def run(self) -> None:
        while True:
            await self._hold()
            if not self._backlog and not await self._fetch():
                return
            await self._send_round()
            if self._queues.crowded and self._clock.monotonic_ms() >= self._slice_until_ms:
                return

    async def _fetch(self) -> bool:
        rows = await self._store.due(self._live.lease, self._clock.now_ms(), self._page)
        while await self._queues.heed_clock():
            # Texts accepted since the clock was set back may have stood before those that waited for the time to come.
            # Where none waited any more when the queue had been read, it was read in order.
            rows = await self._store.due(self._live.lease, self._clock.now_ms(), self._page)
        if not rows:
            return False
        opened, lost = await self._deliverer.open(self._live.lease.account, rows)
        if any(item.content.media_urls for item in opened):
            with self._queues.waiting():
                unfetched = await self._while_held(self._deliverer.fetch_media(opened))
            without = {outcome.sid for outcome in unfetched}
            opened = [item for item in opened if item.row.sid not in without]
            lost += unfetched
        if lost:
            await self._store.acknowledge(self._live.lease, lost)
        self._backlog.extend(opened)
        return True

    async def _while_held(self, work: Coroutine[Any, Any, T]) -> T:
        """Hold the lease while something takes its time: media to fetch, a carrier that answers late."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait([task], timeout=LEASE_TTL_MS / 3000))[0]:
                await self._hold()
            return task.result()
        finally:
            task.cancel()

    async def _send_round(self) -> None:
        """Submit the first text of each recipient, as many as the rates let through."""
        firsts, waiting = _first_of_each_recipient(self._backlog)
        if not firsts:
            return
        account, sender = self._live.lease.account, self._live.lease.sender
        granted, wait_ms = self._rates.take(account, sender, len(firsts), self._clock.monotonic_ms())
        if granted == 0:
            with self._queues.waiting():
                await asyncio.sleep(min(wait_ms, LEASE_TTL_MS // 3) / 1000)
            return
        batch, held = firsts[:granted], firsts[granted:]
        await self._hold()
        submitting = self._deliverer.submit(batch)
        try:
            answers = await (self._while_held(submitting) if self._queues.answers_late else submitting)
        except FrozenError:
            self._rates.give_back(account, sender, len(batch))
            raise
        outcomes = [answer for answer in answers if isinstance(answer, Outcome)]
        if outcomes:
            await self._write_down(outcomes)
        throttled = {answer.sid: answer.retry_after_ms for answer in answers if isinstance(answer, Throttled)}
        again = [item for item in batch if item.row.sid in throttled]
        self._backlog = deque([*again, *held, *waiting])
        if throttled:
            self._queues.count_throttled(len(again))
            self._rates.give_back(account, sender, len(again))
            with self._queues.waiting():
                await self._pause(max(throttled.values()))

    async def _write_down(self, outcomes: Sequence[Outcome]) -> None:
        """Until the store has it: what the carrier took is not sent again because the store was away for a while."""
        while True:
            try:
                await self._store.acknowledge(self._live.lease, outcomes)
                return
            except (QueueFullError, StoreFailedError) as away:
                _log.warning("store away", carrier=self._live.lease.carrier, error=type(away).__name__)
                await asyncio.sleep(RECONNECT_WAIT_MS / 1000)

    async def _pause(self, wait_ms: int) -> None:
        """Wait for the carrier, holding the lease."""
        until_ms = self._clock.monotonic_ms() + wait_ms
        while (left_ms := until_ms - self._clock.monotonic_ms()) > 0:
            await self._hold()
            await asyncio.sleep(min(left_ms, LEASE_TTL_MS // 3) / 1000)

    async def _hold(self) -> None:
        """Renew the lease in good time; StaleFenceError when it is too late to send under it."""
        now_ms = self._clock.monotonic_ms()
        if now_ms < self._live.stop_ms - (LEASE_TTL_MS - LEASE_SKEW_MS) // 2:
            return
        renewed = await self._store.renew(self._live.lease, self._clock.now_ms(), LEASE_TTL_MS)
        self._live = _Live(lease=renewed, stop_ms=now_ms + LEASE_TTL_MS - LEASE_SKEW_MS)
        if self._clock.monotonic_ms() >= self._live.stop_ms:
            raise StaleFenceError


def _first_of_each_recipient(backlog: Sequence[Opened]) -> tuple[list[Opened], list[Opened]]:
    seen: set[str] = set()
    firsts: list[Opened] = []
    waiting: list[Opened] = []
    for item in backlog:
        (waiting if item.content.remote in seen else firsts).append(item)
        seen.add(item.content.remote)
    return firsts, waiting
