"""A worker's events: in order, each until it is acknowledged, and no more than are kept."""

import asyncio

from ringfence.media.event_feed import BATCH, EventFeed
from ringfence.ports.media import LegConnected


def told(feed: EventFeed, *names: str) -> None:
    for name in names:
        feed.tell(LegConnected(name))


def test_what_was_not_acknowledged_comes_again() -> None:
    async def scenario() -> None:
        feed = EventFeed()
        told(feed, "a", "b")
        first = await feed.after(0, 0)
        assert [event.leg for event in first.events] == ["a", "b"]
        assert await feed.after(0, 0) == first
        told(feed, "c")
        assert [event.leg for event in (await feed.after(first.last, 0)).events] == ["c"]

    asyncio.run(scenario())


def test_who_asks_before_anything_happens_waits_for_it() -> None:
    async def scenario() -> None:
        feed = EventFeed()
        asking = asyncio.create_task(feed.after(0, 60_000))
        await asyncio.sleep(0)
        told(feed, "a")
        happened = await asking
        assert [event.leg for event in happened.events] == ["a"]
        assert (await feed.after(happened.last, 1)).events == []

    asyncio.run(scenario())


def test_many_come_in_batches() -> None:
    async def scenario() -> None:
        feed = EventFeed()
        told(feed, *map(str, range(BATCH + 5)))
        first = await feed.after(0, 0)
        rest = await feed.after(first.last, 0)
        assert [event.leg for event in first.events + rest.events] == list(map(str, range(BATCH + 5)))

    asyncio.run(scenario())


def test_more_than_is_kept_is_said_to_be_lost() -> None:
    async def scenario() -> None:
        feed = EventFeed(max_kept=2)
        told(feed, "a", "b")
        assert not feed.lost
        told(feed, "c")
        assert feed.lost
        assert [event.leg for event in (await feed.after(0, 0)).events] == ["b", "c"]

    asyncio.run(scenario())
