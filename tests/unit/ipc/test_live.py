"""The live feed: nothing kept while nobody watches, nothing missed while somebody does; detours end by themselves."""

import asyncio
from pathlib import Path

import pytest

from ringfence.ipc.live import BATCH, KEPT, MAX_DETOURS, PATIENCE_S, LiveFeed, LiveView, serve_live
from ringfence.ports.onlookers import ApiCall, WebhookCall


def call(number: int) -> ApiCall:
    return ApiCall(at_ms=number, route="api GET /x", http_status=200, duration_ms=1.5, request_id=f"RQ{number}")


class Time:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_nothing_is_kept_while_nobody_watches(run) -> None:
    async def story() -> None:
        feed = LiveFeed()
        assert not feed.present
        feed.tell(call(1))
        sight = await feed.watch("", 0, 0)
        assert (list(sight.happenings), sight.missed) == ([], 0)
        assert feed.present

    run(story())


def test_a_watcher_sees_all_that_is_told_from_its_first_call_on(run) -> None:
    async def story() -> None:
        feed = LiveFeed()
        begin = await feed.watch("", 0, 0)
        for number in range(BATCH + 3):
            feed.tell(call(number))
        first = await feed.watch(begin.feed, begin.last, 0)
        second = await feed.watch(first.feed, first.last, 0)
        assert [*first.happenings, *second.happenings] == [call(number) for number in range(BATCH + 3)]
        assert (first.missed, second.missed) == (0, 0)
        assert list((await feed.watch(second.feed, second.last, 0)).happenings) == []

    run(story())


def test_a_slow_watcher_is_told_how_many_it_missed(run) -> None:
    async def story() -> None:
        feed = LiveFeed()
        begin = await feed.watch("", 0, 0)
        for number in range(KEPT + 7):
            feed.tell(call(number))
        sight = await feed.watch(begin.feed, begin.last, 0)
        assert sight.missed == 7
        assert sight.happenings[0] == call(7)

    run(story())


def test_whoever_does_not_ask_again_is_forgotten(run) -> None:
    async def story() -> None:
        time = Time()
        feed = LiveFeed(time)
        begin = await feed.watch("", 0, 0)
        time.now_s += PATIENCE_S
        assert not feed.present
        feed.tell(call(1))
        assert list((await feed.watch(begin.feed, begin.last, 0)).happenings) == []

    run(story())


def test_news_end_the_wait(run) -> None:
    async def story() -> None:
        feed = LiveFeed()
        begin = await feed.watch("", 0, 0)
        waiting = asyncio.create_task(feed.watch(begin.feed, begin.last, 1_000))
        await asyncio.sleep(0.01)
        feed.tell(call(1))
        async with asyncio.timeout(0.5):
            assert list((await waiting).happenings) == [call(1)]

    run(story())


def test_a_detour_holds_until_it_is_ended_or_no_longer_renewed(run) -> None:
    async def story() -> None:
        time = Time()
        feed = LiveFeed(time)
        assert feed.of("+12025550123") is None
        await feed.detour({"+12025550123": "http://a", "+12025550124": "http://b"})
        await feed.detour({"+12025550124": ""})
        assert (feed.of("+12025550123"), feed.of("+12025550124"), feed.of("+1")) == ("http://a", None, None)
        time.now_s += PATIENCE_S
        assert feed.of("+12025550123") is None

    run(story())


def test_detours_are_bounded(run) -> None:
    async def story() -> None:
        feed = LiveFeed()
        with pytest.raises(ValueError, match="fit"):
            await feed.detour({str(number): "http://a" for number in range(MAX_DETOURS + 1)})
        with pytest.raises(ValueError, match="fit"):
            await feed.detour({"+1": "http://" + "a" * 5_000})
        assert feed.of("0") is None

    run(story())


def test_across_a_socket_a_view_finds_its_way_after_a_restart(run, run_dir: Path) -> None:
    webhook = WebhookCall(
        at_ms=1, account="AC1", message_sid="SM1", event_id=7, kind="message.received", attempt=1, state="done",
        http_status=200, duration_ms=6,
    )  # fmt: skip

    async def story() -> None:
        path = run_dir / "live.sock"
        view = LiveView(path)
        with pytest.raises(ConnectionError):
            await view.begin()
        first = LiveFeed()
        server = await serve_live(path, first, detours=True)
        await view.begin()
        first.tell(webhook)
        assert list((await view.look(0)).happenings) == [webhook]
        await view.detour({"+1": "http://a"})
        assert first.of("+1") == "http://a"
        await server.close()
        with pytest.raises(ConnectionError):
            await view.look(0)

        second = LiveFeed()
        server = await serve_live(path, second, detours=False)
        await view.begin()
        second.tell(call(2))
        assert list((await view.look(0)).happenings) == [call(2)]
        with pytest.raises(PermissionError):
            await view.detour({"+1": "http://a"})
        await view.close()
        await server.close()

    run(story())


def test_what_comes_in_one_sight_is_found_one_after_the_other(run, run_dir: Path) -> None:
    """Two webhooks of a text may be written down together: whoever waits for the first still finds the second."""

    async def story() -> None:
        feed = LiveFeed()
        server = await serve_live(run_dir / "live.sock", feed, detours=False)
        view = LiveView(run_dir / "live.sock")
        await view.begin()
        for number in range(4):
            feed.tell(call(number))
        assert await view.find(lambda seen: seen == call(1)) == call(1)
        assert await view.find(lambda seen: seen != call(2)) == call(3)
        waiting = asyncio.create_task(view.find(lambda seen: True))
        await asyncio.sleep(0.05)
        assert not waiting.done(), "what was passed over is over"
        feed.tell(call(5))
        assert await waiting == call(5)
        await view.close()
        await server.close()

    run(story())
