"""The loop over a real store, with programs that are quick, slow, broken or away."""

import asyncio
import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from ringfence.dispatch import account_turns, webhooks
from ringfence.dispatch.webhook_lanes import LaneLimits
from ringfence.dispatch.webhooks import WebhookLoop
from ringfence.ports.onlookers import WebhookCall
from ringfence.ports.store import MessageRow, QueueFullError, Settlement
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.access.halts import FrozenAccounts
from ringfence.usecases.webhooks import deliver_event
from ringfence.usecases.webhooks.deliver_event import EventDelivery

from ..usecases.webhooks.conftest import ACCOUNT, Installation, Program


class Bell:
    """Rings when the test says so."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_ms: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_ms / 1_000):
                await self._rung.wait()
        self._rung.clear()


@contextlib.asynccontextmanager
async def running(loop: WebhookLoop, bell: Bell | None = None) -> AsyncIterator[WebhookLoop]:
    task = asyncio.create_task(loop.run(bell or Bell()))
    try:
        yield loop
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def loop_of(installation: Installation, **options: Any) -> WebhookLoop:
    return loop_with(installation, installation.delivery, **options)


def loop_with(installation: Installation, delivery: EventDelivery, **options: Any) -> WebhookLoop:
    standing = FrozenAccounts(installation.store, installation.clock)
    return WebhookLoop(installation.store, delivery, installation.clock, owner="d1", halts=standing, **options)


async def until(condition: Any, within_s: float = 5.0) -> float:
    """Wait until `condition()` holds; the seconds it took."""
    started = time.monotonic()
    async with asyncio.timeout(within_s):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return time.monotonic() - started
            await asyncio.sleep(0.005)
    raise AssertionError("not reached")


async def states(installation: Installation, row: MessageRow) -> list[tuple[str, int]]:
    return [(event.state, event.attempts) for event in await installation.store.events(ACCOUNT, row.sid)]


def test_every_event_is_told_in_order_a_message(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        rows = [await installation.outbound(program.url("status"), "sent", "delivered", "read") for _ in range(30)]
        registry = CollectorRegistry()
        async with running(loop_of(installation, registry=registry)):
            await until(lambda: len(program.seen) == 90)
            for row in rows:
                await until(lambda row=row: told(row))
        by_message = defaultdict(list)
        for seen in program.seen:
            assert seen.valid
            by_message[seen.params["MessageSid"]].append(seen.params["MessageStatus"])
        assert list(by_message.values()) == [["sent", "delivered", "read"]] * 30
        labels = {"kind": "status", "end": "done"}
        assert registry.get_sample_value("ringfence_webhook_attempts_total", labels) == 90
        assert registry.get_sample_value("ringfence_webhook_seconds_count") == 90
        assert registry.get_sample_value("ringfence_webhooks_running") == 0

    async def told(row: MessageRow) -> bool:
        return await states(installation, row) == [("done", 1)] * 3

    run(scenario())


def test_the_bell_wakes_it(run, installation: Installation, program: Program, monkeypatch: Any) -> None:
    monkeypatch.setattr(webhooks, "POLL_MS", 60_000)

    async def scenario() -> None:
        await installation.open()
        bell = Bell()
        async with running(loop_of(installation), bell):
            await asyncio.sleep(0.05)
            await installation.outbound(program.url("status"), "sent")
            await asyncio.sleep(0.05)
            assert program.seen == []
            bell.ring()
            await until(lambda: program.seen, 5)

    run(scenario())


def test_without_a_bell_it_looks_by_itself(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        async with running(loop_of(installation)):
            await asyncio.sleep(0.05)
            await installation.outbound(program.url("status"), "sent")
            await until(lambda: program.seen, 2)

    run(scenario())


def test_a_program_that_hangs_slows_only_itself(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        held: list[asyncio.StreamWriter] = []

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            held.append(writer)

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        slow_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        slow = [await installation.outbound(slow_url, "sent") for _ in range(60)]
        for _ in range(8):
            await installation.outbound(program.url("status"), "sent")
        limits = LaneLimits(running=4, account_running=8, slow_waiting=1, wait_s=0.5)
        async with running(loop_of(installation, limits=limits)):
            await until(lambda: len(program.seen) == 8)
            await until(lambda: len(held) == 4)
            # The others of the slow program go back untried.
            await asyncio.sleep(0.7)
            pending = [await states(installation, row) for row in slow]
            assert pending == [[("pending", 0)]] * 60
            assert len(await installation.store.take_events("d2", installation.clock.now_ms() + 10_000, 1, 99)) == 56
        server.close()
        for writer in held:
            writer.close()

    run(scenario())


def test_an_account_that_sends_back_a_crowd_is_left_alone_for_a_while(
    run, installation: Installation, program: Program, monkeypatch: Any
) -> None:
    monkeypatch.setattr(webhooks, "BATCH", 10)
    monkeypatch.setattr(account_turns, "CROWD", 20)
    monkeypatch.setattr(account_turns, "ACCOUNT_IN_HAND", 30)
    asked: list[tuple[bool, int]] = []

    async def scenario() -> None:
        await installation.open()
        take_events = installation.store.take_events

        async def noted(*arguments: Any, passing_over: Any = ()) -> Any:
            taken = await take_events(*arguments, passing_over=passing_over)
            asked.append((ACCOUNT in passing_over, len(taken)))
            return taken

        monkeypatch.setattr(installation.store, "take_events", noted)
        server = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
        slow_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for _ in range(200):
            await installation.outbound(slow_url, "sent")
        limits = LaneLimits(running=4, account_running=8, slow_waiting=1, wait_s=0.1)
        loop = loop_of(installation, limits=limits)
        monkeypatch.setattr(account_turns, "PAUSE_S", 60.0)
        async with running(loop):
            await until(lambda: loop._turns._paused_until_s)
            taken = sum(count for _, count in asked)
            await asyncio.sleep(0.6)
            assert sum(count for _, count in asked) == taken < 150
            assert asked[-1] == (True, 0)
            # Its time is over: it is asked again.
            loop._turns._paused_until_s[ACCOUNT] = 0.0
            await until(lambda: sum(count for _, count in asked) > taken)
        server.close()

    run(scenario())


def test_an_account_has_so_many_in_hand(run, installation: Installation, program: Program, monkeypatch: Any) -> None:
    monkeypatch.setattr(account_turns, "ACCOUNT_IN_HAND", 10)

    async def scenario() -> None:
        await installation.open()
        program.answer("status", lambda: time.sleep(0.02) or "")
        for _ in range(60):
            await installation.outbound(program.url("status"), "sent")
        monkeypatch.setattr(webhooks, "BATCH", 5)
        loop = loop_of(installation)
        most = 0
        async with running(loop):
            while len(program.seen) < 60:
                most = max(most, len(loop._in_hand))
                await asyncio.sleep(0.001)
            await until(lambda: not loop._in_hand and not loop._turns._in_hand)
        assert 5 < most <= 15

    run(scenario())


def test_what_was_in_hand_at_a_crash_is_told_at_once(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.url("status"), "sent")
        assert len(await installation.store.take_events("d1", installation.clock.now_ms(), 600_000, 10)) == 1
        assert await installation.take() == []
        async with running(loop_of(installation)):
            await until(lambda: program.seen, 5)

    run(scenario())


def test_stopping_gives_back_what_is_in_hand(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        program.answer("status", lambda: time.sleep(0.3) or "")
        row = await installation.outbound(program.url("status"), "sent")
        async with running(loop_of(installation)):
            await until(lambda: program.seen)
        assert await states(installation, row) == [("pending", 0)]
        assert len(await installation.take()) == 1

    run(scenario())


def test_a_key_service_that_is_away_costs_no_attempt(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.url("status"), "sent")
        registry = CollectorRegistry()
        installation.keys.away = True
        async with running(loop_of(installation, registry=registry)):
            await until(lambda: registry.get_sample_value("ringfence_webhooks_deferred_total") == 1)
            assert program.seen == []
            installation.keys.away = False
            await until(lambda: program.seen, 3)
            await until(settled)

        assert await states(installation, row) == [("done", 1)]

    async def settled() -> bool:
        return await installation.store.unfinished(ACCOUNT, 7) == []

    run(scenario())


class BrokenReplies:
    async def send(self, *arguments: Any) -> None:
        raise RuntimeError("out of order")


def test_a_fault_of_ours_is_counted_and_the_others_go_on(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", "<Response><Message>x</Message></Response>"))
        broken = await installation.inbound("hi")
        await installation.outbound(program.url("status"), "sent")
        delivery = EventDelivery(
            installation.store,
            installation.keys,
            installation.http,
            BrokenReplies(),
            installation.media,
            installation.clock,
        )
        async with running(loop_with(installation, delivery)):
            await until(lambda: "status" in program.paths())
            await until(counted)
        assert await states(installation, broken) == [("pending", 1)]

    async def counted() -> bool:
        return [entry.row.attempts for entry in installation.store._events.values()] == [1, 1]

    run(scenario())


def test_a_delivery_that_takes_too_long_is_ended(
    run, installation: Installation, program: Program, monkeypatch: Any
) -> None:
    monkeypatch.setattr(deliver_event, "DELIVERY_S", 0.1)

    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", lambda: time.sleep(0.4) or ""))
        row = await installation.inbound("C")
        async with running(loop_of(installation)):
            await until(attempted)
        (attempt,) = await installation.store.attempts(ACCOUNT, row.sid)
        assert (attempt.state, attempt.error_code) == ("pending", 11200)

    async def attempted() -> bool:
        return any(entry.row.attempts for entry in installation.store._events.values())

    run(scenario())


class CrowdedStore(MemoryStore):
    """Refuses its first settlements, as a store under load does, or one whose disk is full."""

    refusals = 50

    async def settle_events(self, settlements: Sequence[Settlement]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise QueueFullError
        await super().settle_events(settlements)


def test_a_store_that_is_full_is_asked_again(
    run, installation: Installation, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "STORE_AWAY_S", 0.001)
    monkeypatch.setattr(webhooks, "STORE_AWAY_MAX_S", 0.01)

    async def scenario() -> None:
        installation.store = CrowdedStore()
        installation.delivery = EventDelivery(
            installation.store,
            installation.keys,
            installation.http,
            installation.replier,
            installation.media,
            installation.clock,
        )
        await installation.open()
        row = await installation.outbound(program.url("status"), "sent")
        async with running(loop_of(installation)):
            await until(lambda: done(row))
        assert len(program.seen) == 1

    async def done(row: MessageRow) -> bool:
        return await states(installation, row) == [("done", 1)]

    run(scenario())


class BatchesStore(MemoryStore):
    """Notes how many came together; a settlement takes its time to be told."""

    def __init__(self, settle_s: float = 0.02) -> None:
        super().__init__()
        self._settle_s = settle_s
        self.settled: list[int] = []
        self.read: list[int] = []

    async def settle_events(self, settlements: Sequence[Settlement]) -> None:
        self.settled.append(len(settlements))
        await super().settle_events(settlements)
        await asyncio.sleep(self._settle_s)

    async def messages_of(self, keys: Sequence[tuple[str, str]]) -> list[MessageRow | None]:
        self.read.append(len(keys))
        return await super().messages_of(keys)


def on_store(installation: Installation, store: MemoryStore) -> None:
    installation.store = store
    installation.delivery = EventDelivery(
        store, installation.keys, installation.http, installation.replier, installation.media, installation.clock
    )


def test_events_are_read_and_settled_many_at_once(run, installation: Installation, program: Program) -> None:
    store = BatchesStore()
    on_store(installation, store)

    async def scenario() -> None:
        await installation.open()
        for _ in range(100):
            await installation.outbound(program.url("status"), "sent")
        async with running(loop_of(installation)):
            await until(lambda: all(entry.row.state == "done" for entry in store._events.values()))
        assert sum(store.settled) == len(program.seen) == 100
        assert sum(store.read) == 100
        assert max(store.read) > 50
        assert len(store.settled) < 50

    run(scenario())


def test_stopping_writes_down_what_ended_while_others_were_written(
    run, installation: Installation, program: Program
) -> None:
    store = BatchesStore(settle_s=0.5)
    on_store(installation, store)

    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.url("status"), "sent")
        async with running(loop_of(installation)):
            await until(lambda: store.settled == [1])
            await installation.outbound(program.url("status"), "sent")
            await until(lambda: len(program.seen) == 2)
            await asyncio.sleep(0.05)
            assert store.settled == [1]
        assert [entry.row.state for entry in store._events.values()] == ["done", "done"]
        assert [entry.row.attempts for entry in store._events.values()] == [1, 1]

    run(scenario())


def test_a_clock_that_jumps_ahead_tells_nothing_twice(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        program.answer("status", lambda: time.sleep(0.3) or "")
        await installation.outbound(program.url("status"), "sent")
        async with running(loop_of(installation)):
            await until(lambda: program.seen)
            installation.clock.offset_ms = 3_600_000
            await asyncio.sleep(0.6)
        assert len(program.seen) == 1

    run(scenario())


class Watcher:
    """`ports.onlookers.Onlookers` that keeps what it is told."""

    def __init__(self, *, present: bool) -> None:
        self.present = present
        self.told: list[WebhookCall] = []

    def tell(self, happening: Any) -> None:
        self.told.append(happening)


def test_whoever_watches_is_told_of_each_attempt(run, installation: Installation, program: Program) -> None:
    program.answer("status", status=404)

    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.url("status"), "sent")
        watcher = Watcher(present=True)
        async with running(loop_of(installation, onlookers=watcher)):
            await until(lambda: watcher.told)
        (told,) = watcher.told
        assert (told.account, told.message_sid, told.kind) == (ACCOUNT, row.sid, "message.sent")
        assert (told.attempt, told.state, told.http_status, told.code) == (1, "dead", 404, 11200)

    run(scenario())


def test_an_attempt_is_written_down_before_a_watcher_hears_of_it(
    run, installation: Installation, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sees a webhook fail lists the failures next, and finds it there."""
    program.answer("status", status=404)

    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.url("status"), "sent")
        order: list[str] = []
        watcher = Watcher(present=True)
        settle = installation.store.settle_events

        async def settled(settlements: Any) -> None:
            await settle(settlements)
            order.extend("written" for _ in settlements)

        monkeypatch.setattr(installation.store, "settle_events", settled)
        monkeypatch.setattr(watcher, "tell", lambda _: order.append("told"))
        async with running(loop_of(installation, onlookers=watcher)):
            await until(lambda: len(order) == 2)
        assert order == ["written", "told"]

    run(scenario())


def test_nothing_is_told_while_nobody_watches(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.url("status"), "sent")
        watcher = Watcher(present=False)
        async with running(loop_of(installation, onlookers=watcher)):
            await until(lambda: told_all(installation, row))
        assert watcher.told == []

    async def told_all(installation: Installation, row: MessageRow) -> bool:
        return await states(installation, row) == [("done", 1)]

    run(scenario())


@pytest.mark.parametrize("kind", ["account", "platform"])
def test_events_of_what_is_frozen_wait_untried_and_are_told_in_order_after_the_thaw(
    run, installation: Installation, program: Program, kind: Any
) -> None:
    async def scenario() -> None:
        await installation.open()
        store, clock = installation.store, installation.clock
        name = ACCOUNT if kind == "account" else "platform"
        await freeze(store, clock, kind, name)
        row = await installation.outbound(program.url("status"), "sent", "delivered", "read")
        async with running(loop_of(installation)):
            await asyncio.sleep(0.6)
            assert not program.seen
            assert await states(installation, row) == [("pending", 0)] * 3
            await thaw(store, clock, kind, name)
            await until(lambda: len(program.seen) == 3)
            await until(lambda: all_done(row))
            assert [seen.params["MessageStatus"] for seen in program.seen] == ["sent", "delivered", "read"]

    async def all_done(row: MessageRow) -> bool:
        return await states(installation, row) == [("done", 1)] * 3

    run(scenario())


def test_an_event_that_stands_in_line_when_its_account_is_frozen_is_not_told(
    run, installation: Installation, program: Program
) -> None:
    # What is known of freezes half a second long would let it go.
    let_go = threading.Event()

    def slow() -> str:
        assert let_go.wait(30)
        return ""

    async def scenario() -> None:
        await installation.open()
        rows = [await installation.outbound(program.answer("slow", slow), "sent") for _ in range(2)]
        async with running(loop_of(installation, limits=LaneLimits(running=1, wait_s=30))) as loop:
            await until(lambda: program.seen and loop._lanes.waiting)
            await freeze(installation.store, installation.clock, "account", ACCOUNT)
            let_go.set()
            await until(lambda: ended(rows))
            await until(lambda: not loop._in_hand)
            assert len(program.seen) == 1
            assert sorted(await ends(rows)) == [("done", 1), ("pending", 0)]
            await thaw(installation.store, installation.clock, "account", ACCOUNT)
            await until(lambda: len(program.seen) == 2)

    async def ends(rows: Sequence[MessageRow]) -> list[tuple[str, int]]:
        return [each for row in rows for each in await states(installation, row)]

    async def ended(rows: Sequence[MessageRow]) -> bool:
        return ("done", 1) in await ends(rows)

    run(scenario())
