"""Owned tasks end with their owner, and what one raises is told."""

import asyncio

from structlog.testing import capture_logs

from ringfence.usecases.voice.owned_tasks import OwnedTasks


def test_all_end_when_their_owner_does() -> None:
    async def story() -> None:
        tasks = OwnedTasks()
        waiting = [tasks.start(asyncio.sleep(3_600), "wait") for _ in range(3)]
        assert len(tasks) == 3
        assert not await tasks.settle(0.001)
        await tasks.close()
        assert len(tasks) == 0
        assert all(task.cancelled() for task in waiting)

    asyncio.run(story())


def test_those_that_end_by_themselves_are_waited_for() -> None:
    async def story() -> None:
        tasks = OwnedTasks()
        tasks.start(asyncio.sleep(0), "short")
        assert await tasks.settle(5)

    asyncio.run(story())


def test_what_one_raises_is_told_without_what_it_says() -> None:
    async def fails() -> None:
        raise ValueError("a secret")

    async def story() -> None:
        tasks = OwnedTasks()
        with capture_logs() as logs:
            tasks.start(fails(), "broken")
            await tasks.settle(5)
            await asyncio.sleep(0)
        assert [(line["event"], line["kind"], line["error"]) for line in logs] == [
            ("voice.task_failed", "broken", "ValueError")
        ]

    asyncio.run(story())
