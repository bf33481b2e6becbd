"""Who looks at the same shares one poll, which lasts as long as somebody looks."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.console.live import polls as module
from ringfence.console.live.looked import Looked, rows_by, snapshot
from ringfence.console.live.polls import ACCOUNT_REST, REST, Hearer, Polls

MINE, OTHERS = Looked(page="/texts", account="AC1"), Looked(page="/texts", account="AC2")


class Listed:
    """A list that changes, and how often each account's was read."""

    def __init__(self) -> None:
        self.rows = {"AC1": {"SM1": "queued"}, "AC2": {"SM2": "sent"}}
        self.reads: list[str] = []
        self.is_away = False

    async def read(self, looked: Looked) -> dict[str, str]:
        self.reads.append(looked.account)
        if self.is_away:
            raise ConnectionError
        return dict(self.rows[looked.account])


async def told(hearer: Hearer) -> tuple[str, int]:
    async with asyncio.timeout(5):
        await hearer.stirred.wait()
    hearer.stirred.clear()
    new, hearer.new = hearer.new, 0
    return hearer.version, new


def test_a_change_is_told_to_all_who_look_at_it_and_read_once_for_them(run: Any) -> None:
    async def story() -> None:
        listed, polls = Listed(), Polls(poll_s=0.01)
        first, second, elsewhere = Hearer(), Hearer(), Hearer()
        polls.join(MINE, listed.read, first)
        (began, new) = await told(first)
        assert new == 0
        polls.join(MINE, listed.read, second)
        assert await told(second) == (began, 0)
        polls.join(OTHERS, listed.read, elsewhere)
        await told(elsewhere)
        assert len(polls) == 2
        at = listed.reads.count("AC1")
        listed.rows["AC1"] = {"SM3": "queued", "SM4": "queued", "SM1": "queued"}
        versions = {await told(first), await told(second)}
        assert len(versions) == 1
        assert versions.pop()[1] == 2
        assert listed.reads.count("AC1") - at <= 2
        listed.rows["AC1"] = {"SM3": "sent", "SM4": "queued", "SM1": "queued"}
        (changed, new), _ = await told(first), await told(second)
        assert (changed != began, new) == (True, 0)
        assert not elsewhere.stirred.is_set()
        for looked, hearer in ((MINE, first), (MINE, second), (OTHERS, elsewhere), (OTHERS, elsewhere)):
            polls.leave(looked, hearer)

    run(story())


def test_nothing_is_read_once_nobody_looks(run: Any) -> None:
    async def story() -> None:
        listed, polls = Listed(), Polls(poll_s=0.001)
        first, second = Hearer(), Hearer()
        polls.join(MINE, listed.read, first)
        polls.join(MINE, listed.read, second)
        await told(first)
        polls.leave(MINE, first)
        at = len(listed.reads)
        while len(listed.reads) == at:
            await asyncio.sleep(0.001)
        polls.leave(MINE, second)
        at = len(listed.reads)
        await asyncio.sleep(0.02)
        assert (len(listed.reads), len(polls)) == (at, 0)
        assert [task for task in asyncio.all_tasks() if "Polls._run" in repr(task)] == []

    run(story())


def test_a_list_that_is_away_ends_its_poll_and_tells_who_looks(run: Any) -> None:
    async def story() -> None:
        listed, polls, hearer = Listed(), Polls(poll_s=0.001), Hearer()
        polls.join(MINE, listed.read, hearer)
        await told(hearer)
        listed.is_away = True
        await told(hearer)
        assert (hearer.is_over, len(polls)) == (True, 0)
        # The next who looks begins anew, and who left late ends nothing of theirs.
        listed.is_away, anew = False, Hearer()
        polls.join(MINE, listed.read, anew)
        polls.leave(MINE, hearer)
        assert (await told(anew))[0] == snapshot(listed.rows["AC1"]).version
        polls.leave(MINE, anew)

    run(story())


@pytest.mark.parametrize("poll_s", [None, 3.0])
def test_the_polls_of_an_account_rest_together_and_hold_up_nobody_elses(
    run: Any, monkeypatch: Any, poll_s: float | None
) -> None:
    now_s, reads = 0.0, {"AC1": [0.0], "AC2": [0.0]}
    ended: list[tuple[float, str]] = []

    async def read(looked: Looked) -> dict[str, str]:
        nonlocal now_s
        now_s += 1.0 if looked.account == "AC1" else 0.0
        reads[looked.account].append(now_s)
        ended.append((now_s, looked.account))
        return {}

    @asynccontextmanager
    async def timeout(wait_s: float) -> AsyncIterator[None]:
        nonlocal now_s
        if wait_s != module.READ_MAX_S:
            now_s += wait_s
            await asyncio.sleep(0)
            raise TimeoutError
        yield

    async def until(holds: Callable[[], bool]) -> None:
        while not holds():
            await asyncio.sleep(0)

    async def story() -> None:
        monkeypatch.setattr(module, "READ_MAX_S", math.inf)
        monkeypatch.setattr(asyncio, "timeout", timeout)
        every_s = poll_s or module.POLL_S
        polls, hearer = Polls(poll_s=poll_s, now_s=lambda: now_s), Hearer()
        many = [Looked(page="/texts", account="AC1", query=(("day", str(n)),)) for n in range(30)]
        for each in (*many, OTHERS):
            polls.join(each, read, hearer)
        await until(lambda: now_s >= 400)
        assert len(reads["AC1"]) - 1 in (10, 11)
        # Beside these an account that takes no time waits for one read of theirs and the rest after it.
        assert max(after - before for before, after in pairwise(reads["AC2"])) <= 1 + REST + every_s
        assert 190 < len(reads["AC2"]) * every_s <= 210 + every_s
        # And all rest after each of theirs.
        assert all(after - before >= REST for (before, whose), (after, _) in pairwise(ended) if whose == "AC1")
        # Who leaves and comes again rests on.
        at = len(reads["AC1"])
        for each in (*many, OTHERS):
            polls.leave(each, hearer)
        polls.join(MINE, read, hearer)
        await until(lambda: len(reads["AC1"]) > at)
        assert reads["AC1"][at] - reads["AC1"][at - 1] >= ACCOUNT_REST
        polls.leave(MINE, hearer)

    run(story())


def test_who_comes_is_read_at_once_though_another_has_rested_longer(run: Any) -> None:
    async def story() -> None:
        listed, polls = Listed(), Polls(poll_s=0.5)
        more = Looked(page="/calls", account="AC2")
        for looked in (MINE, OTHERS, more):
            hearer = Hearer()
            polls.join(looked, listed.read, hearer)
            await told(hearer)
        assert listed.reads == ["AC1", "AC2", "AC2"]

    run(story())


def test_what_was_not_heard_yet_adds_up(run: Any) -> None:
    hearer = Hearer()
    assert (hearer.version, hearer.new, hearer.is_over, hearer.stirred.is_set()) == ("", 0, False, False)
    hearer.tell("a", 2)
    hearer.tell("b", 3)
    assert (hearer.version, hearer.new, hearer.is_over, hearer.stirred.is_set()) == ("b", 5, False, True)


def test_with_the_last_who_looks_all_reading_ends_and_when_that_ends_all_who_look_are_told(run: Any) -> None:
    def reading() -> list[asyncio.Task[Any]]:
        return [task for task in asyncio.all_tasks() if "Polls._run" in repr(task)]

    async def story() -> None:
        listed, polls, hearers = Listed(), Polls(poll_s=60), [Hearer(), Hearer()]
        polls.join(MINE, listed.read, hearers[0])
        await told(hearers[0])
        (task,) = reading()
        polls.leave(MINE, hearers[0])
        await asyncio.wait([task], timeout=5)
        assert reading() == []
        for looked, hearer in zip((MINE, OTHERS), hearers, strict=True):
            polls.join(looked, listed.read, hearer)
            await told(hearer)
        (task,) = reading()
        task.cancel()
        for hearer in hearers:
            await told(hearer)
        assert ([each.is_over for each in hearers], len(polls)) == ([True, True], 0)

    run(story())


def test_what_takes_too_long_or_breaks_ends_and_the_others_go_on(run: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "READ_MAX_S", 0.01)

    async def broken(_: Looked) -> dict[str, str]:
        raise ZeroDivisionError

    async def slow(_: Looked) -> dict[str, str]:
        await asyncio.sleep(60)
        return {}

    broke = {"event": "console.poll_broke", "log_level": "error", "page": "/texts", "error": "ZeroDivisionError"}
    logs = {broken: broke, slow: {"event": "console.not_followed", "log_level": "warning", "page": "/texts"}}

    async def story() -> None:
        listed, polls, hearer = Listed(), Polls(poll_s=0.001), Hearer()
        polls.join(OTHERS, listed.read, hearer)
        await told(hearer)
        for read in (broken, slow):
            theirs = Hearer()
            with capture_logs() as logged:
                polls.join(MINE, read, theirs)
                await told(theirs)
            assert (theirs.is_over, len(polls)) == (True, 1)
            assert logged == [logs[read]]
        listed.rows["AC2"] = {"SM2": "delivered"}
        await told(hearer)
        assert not hearer.is_over
        polls.leave(OTHERS, hearer)

    run(story())


def test_a_page_begins_from_the_version_that_a_stream_tells_first(run: Any) -> None:
    async def story() -> None:
        listed, polls, hearer = Listed(), Polls(poll_s=60), Hearer()
        page = await polls.version(MINE, listed.read)
        polls.join(MINE, listed.read, hearer)
        assert (await told(hearer))[0] == page
        at = len(listed.reads)
        assert await polls.version(MINE, listed.read) == page
        assert len(listed.reads) == at
        assert await polls.version(OTHERS, listed.read) != page
        polls.leave(MINE, hearer)

    run(story())


def test_a_version_tells_rows_their_order_and_what_is_of_them() -> None:
    rows = rows_by(lambda each: each[0], [("a", frozenset("xyz")), ("b", 2)])
    versions = [
        snapshot(each).version
        for each in (rows, dict(reversed(rows.items())), {"a": rows["a"]}, {**rows, "b": ("b", 3)}, {})
    ]
    assert len(set(versions)) == len(versions)
    assert snapshot({"a": ("a", frozenset("zyx")), "b": ("b", 2)}).version == versions[0]
