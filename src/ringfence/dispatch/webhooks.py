"""Take events from the outbox and have each delivered: many at once, in order a message, fair between hosts."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Protocol

import structlog
from prometheus_client import CollectorRegistry

from ringfence.dispatch.account_turns import AccountTurns
from ringfence.dispatch.webhook_lanes import FIRST_SLOW_S, LaneLimits, WebhookLanes
from ringfence.dispatch.webhook_metrics import WebhookMetrics
from ringfence.domain.clock import Clock
from ringfence.ports.freezes import Halt, Halts
from ringfence.ports.onlookers import NoOnlookers, Onlookers, WebhookCall
from ringfence.ports.store import EventRow, Outbox, QueueFullError, Settlement, StoreFailedError
from ringfence.usecases.webhooks.call_webhook import WebhookFailedError
from ringfence.usecases.webhooks.deliver_event import EventDelivery
from ringfence.usecases.webhooks.open_event import is_notice
from ringfence.usecases.webhooks.open_text import INBOUND
from ringfence.usecases.webhooks.opened_event import OpenedEvent

POLL_MS = 250
BATCH = 256
IN_HAND = 1_024
# Longer than an event can be in hand: in line, then delivered, then settled.
LEASE_MS = 120_000
KEYS_AWAY_MS = 500
FROZEN_MS = 500
STORE_AWAY_S = 0.25
STORE_AWAY_MAX_S = 2.0
# A dispatcher that stops leaves it at that many tries.
STOPPING_TRIES = 4

_log = structlog.get_logger(__name__)


class Bell(Protocol):
    """Hears the doorbell."""

    async def wait(self, timeout_ms: int) -> object:
        """Return at the next ring, or after `timeout_ms`."""


class WebhookLoop:
    """Delivers what is due until cancelled.

    At most 1,024 events are in hand; of a lane (account and host) some run and some wait, and those of a slow one go
    back to the outbox untried, so that a program that hangs holds neither places nor memory. Accounts take turns.
    Events of what is frozen stay in the outbox, and are told in order once it is thawed. Notices to a frozen account
    are told at once.
    `owner` names this dispatcher for good: what it had in hand when it died is taken up again as soon as it starts.
    """

    def __init__(
        self,
        outbox: Outbox,
        delivery: EventDelivery,
        clock: Clock,
        *,
        owner: str,
        halts: Halts,
        limits: LaneLimits | None = None,
        registry: CollectorRegistry | None = None,
        onlookers: Onlookers | None = None,
    ) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._clock = clock
        self._owner = owner
        self._halts = halts
        self._lanes = WebhookLanes(limits or LaneLimits())
        self._metrics = WebhookMetrics(registry or CollectorRegistry())
        self._metrics.running.set_function(lambda: self._lanes.running)
        self._metrics.waiting.set_function(lambda: self._lanes.waiting)
        self._onlookers = onlookers or NoOnlookers()
        self._in_hand: set[int] = set()
        self._turns = AccountTurns()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: list[tuple[EventRow, Settlement]] = []
        self._some_ended = asyncio.Event()
        self._news = asyncio.Event()
        self._stopping = False

    async def run(self, bell: Bell) -> None:
        """Take and deliver until cancelled; what is in hand then goes back to the outbox untried."""
        await self._give_back()
        self._start(self._listen(bell), "webhook bell")
        self._start(self._settle_on_and_on(), "webhook settlements")
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                await self._take_all()
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._stopping = True
            await self._settle_ended()
            await self._give_back()

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self, bell: Bell) -> None:
        while True:
            self._news.set()
            await bell.wait(POLL_MS)

    async def _give_back(self) -> None:
        try:
            await self._outbox.release_events(self._owner, self._clock.now_ms())
        except (QueueFullError, StoreFailedError) as error:
            # Their leases end by themselves, only later.
            _log.warning("events not given back", error=type(error).__name__)

    async def _take_all(self) -> None:
        """Begin to deliver everything that is due, as far as there is room."""
        while room := min(BATCH, IN_HAND - len(self._in_hand)):
            try:
                halt = await self._halts.now()
                if halt.everything:
                    return
                events = await self._outbox.take_events(
                    self._owner,
                    self._clock.now_ms(),
                    LEASE_MS,
                    room,
                    passing_over=self._turns.passed_over() | halt.accounts,
                )
                if halt.accounts and len(events) < room:
                    # What is frozen is told so.
                    events += await self._outbox.take_notices(
                        self._owner, self._clock.now_ms(), LEASE_MS, room - len(events), halt.accounts
                    )
            except (QueueFullError, StoreFailedError) as error:
                _log.warning("outbox away", error=type(error).__name__)
                await asyncio.sleep(STORE_AWAY_S)
                return
            # A clock that was moved forward ends leases early: what is in hand is not taken twice.
            fresh = [event for event in events if event.id not in self._in_hand]
            if fresh:
                for event in fresh:
                    self._in_hand.add(event.id)
                    self._turns.take(event.account)
                self._start(self._begin(fresh), "webhooks")
            if len(events) < room:
                return

    async def _begin(self, events: Sequence[EventRow]) -> None:
        """Open the events together, and let each go its way."""
        try:
            opened = await self._delivery.open(events)
        except Exception as failure:
            _log.exception("webhooks did not open", count=len(events), error=type(failure).__name__)
            for event in events:
                self._end(event, self._fault(event))
            return
        away = [event for event, each in zip(events, opened, strict=True) if isinstance(each, ConnectionError)]
        for event, each in zip(events, opened, strict=True):
            if isinstance(each, OpenedEvent):
                self._start(self._handle(each), "webhook")
            elif isinstance(each, Settlement):
                self._end(event, each)
        if away:
            await self._defer(away, KEYS_AWAY_MS)

    async def _handle(self, opened: OpenedEvent) -> None:
        event = opened.event
        try:
            later_s = await self._lanes.enter(event.account, opened.host)
            if later_s:
                if later_s >= FIRST_SLOW_S:
                    self._turns.give_back(event.account)
                await self._defer([event], int(later_s * 1_000))
                return
            try:
                # What was frozen by now, in line or just before, is told no more.
                halt = await self._halt()
                stopped = halt.everything or (event.account in halt.accounts and not is_notice(event))
                settlement = None if stopped else await self._attempt(opened)
            finally:
                self._lanes.leave(event.account, opened.host)
            if settlement is None:
                await self._defer([event], FROZEN_MS)
                return
        except Exception as failure:
            # One event's trouble must not end the others: it is told, counted, and tried again later.
            _log.exception("webhook broke", event_id=event.id, account=event.account, error=type(failure).__name__)
            settlement = self._fault(event)
        self._end(event, settlement)

    async def _halt(self) -> Halt:
        """What stands still; all of it where that cannot be known now."""
        try:
            return await self._halts.fresh()
        except StoreFailedError:
            return Halt(everything=True)

    async def _attempt(self, opened: OpenedEvent) -> Settlement:
        settlement = await self._delivery.deliver(opened)
        self._metrics.seconds.observe(settlement.duration_ms / 1_000)
        return settlement

    def _fault(self, event: EventRow) -> Settlement:
        return self._delivery.failed(event, WebhookFailedError(None, "a fault of ours", transient=True))

    def _end(self, event: EventRow, settlement: Settlement) -> None:
        """Have an attempt's end written down, together with those that end meanwhile."""
        self._ended.append((event, settlement))
        self._some_ended.set()

    async def _settle_on_and_on(self) -> None:
        while True:
            await self._some_ended.wait()
            self._some_ended.clear()
            await self._settle_ended()

    async def _settle_ended(self) -> None:
        batch, self._ended = self._ended, []
        try:
            await self._settle([settlement for _, settlement in batch])
            for event, settlement in batch:
                self._metrics.count(event.kind == INBOUND, settlement.state)
                # Whoever sees it may look it up at once: it is written down by now.
                if self._onlookers.present:
                    self._onlookers.tell(_as_seen(event, settlement))
        except Exception as failure:
            # Their leases end by themselves, and then they are tried again.
            _log.exception("webhooks not settled", count=len(batch), error=type(failure).__name__)
        finally:
            self._let_go(event for event, _ in batch)

    async def _settle(self, settlements: Sequence[Settlement]) -> None:
        await self._write(len(settlements), lambda: self._outbox.settle_events(settlements))

    async def _defer(self, events: Sequence[EventRow], delay_ms: int) -> None:
        self._metrics.deferred.inc(len(events))
        # Spread, so that a crowd does not come back as a crowd.
        due_ms = self._clock.now_ms() + delay_ms + int(random.random() * delay_ms)  # noqa: S311
        try:
            await self._write(len(events), lambda: self._outbox.defer_events(events, due_ms))
        finally:
            self._let_go(events)

    async def _write(self, events: int, work: Callable[[], Awaitable[None]]) -> None:
        """Until the store has it: nobody is told again, or late, because the store was away for a while."""
        delay_s, tries = STORE_AWAY_S, 0
        while not self._stopping or tries < STOPPING_TRIES:
            try:
                await work()
                return
            except (QueueFullError, StoreFailedError) as error:
                _log.warning("webhooks not written down", count=events, error=type(error).__name__)
                await asyncio.sleep(delay_s)
                delay_s, tries = min(2 * delay_s, STORE_AWAY_MAX_S), tries + 1

    def _let_go(self, events: Iterable[EventRow]) -> None:
        for event in events:
            if event.id in self._in_hand:
                self._in_hand.remove(event.id)
                self._turns.let_go(event.account)
        # A message's next event may be due now, and there is room again.
        self._news.set()


def _as_seen(event: EventRow, settlement: Settlement) -> WebhookCall:
    return WebhookCall(
        at_ms=settlement.at_ms,
        account=event.account,
        message_sid=event.message_sid,
        event_id=event.id,
        kind=event.kind,
        attempt=event.attempts + 1,
        state=settlement.state,
        http_status=settlement.http_status,
        duration_ms=settlement.duration_ms,
        code=settlement.error_code,
    )
