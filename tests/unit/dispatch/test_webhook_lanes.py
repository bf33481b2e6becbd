"""Who may call now, who waits, who comes back later."""

import asyncio
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ringfence.dispatch.webhook_lanes import LaneLimits, WebhookLanes

LIMITS = LaneLimits(
    running=2, account_running=3, total_running=5, waiting=2, slow_waiting=1, total_waiting=4, wait_s=60.0
)


async def enter(lanes: WebhookLanes, account: str, host: str) -> "asyncio.Task[float]":
    task = asyncio.create_task(lanes.enter(account, host))
    await asyncio.sleep(0)
    return task


def test_a_lane_admits_so_many_lets_some_wait_and_refuses_the_rest(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LIMITS)
        tasks = [await enter(lanes, "A", "slow") for _ in range(5)]
        assert [task.done() for task in tasks] == [True, True, False, False, True]
        assert [tasks[place].result() for place in (0, 1, 4)] == [0, 0, 1]
        assert (lanes.running, lanes.waiting) == (2, 2)
        lanes.leave("A", "slow")
        assert await tasks[2] == 0
        assert (lanes.running, lanes.waiting) == (2, 1)
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (lanes.running, lanes.waiting) == (2, 0)

    run(scenario())


def test_other_hosts_pass_a_full_lane_up_to_the_account_s_share(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LIMITS)
        slow = [await enter(lanes, "A", "slow") for _ in range(3)]
        assert await lanes.enter("A", "quick") == 0
        third = await enter(lanes, "A", "other")
        assert not third.done()
        assert await lanes.enter("B", "slow") == 0
        assert await lanes.enter("B", "slow") == 0
        assert (lanes.running, lanes.waiting) == (5, 2)
        lanes.leave("A", "quick")
        # The place is the account's: the first of its lines in turn that has room.
        assert await third == 0
        assert not slow[2].done()
        slow[2].cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    run(scenario())


def test_free_places_go_to_the_lanes_in_turn(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LaneLimits(running=9, account_running=9, total_running=1))
        assert await lanes.enter("A", "h") == 0
        order: list[str] = []

        async def call(account: str) -> None:
            assert await lanes.enter(account, "h") == 0
            order.append(account)
            lanes.leave(account, "h")

        tasks = [asyncio.create_task(call(account)) for account in "BBBCCD"]
        await asyncio.sleep(0)
        lanes.leave("A", "h")
        await asyncio.gather(*tasks)
        assert order == list("BCDBCB")
        assert (lanes.running, lanes.waiting) == (0, 0)
        assert not lanes._lanes
        assert not lanes._account_running
        assert not lanes._waiting_lanes

    run(scenario())


def test_whoever_waits_too_long_comes_back_later(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LaneLimits(running=1, wait_s=0.02))
        assert await lanes.enter("A", "h") == 0
        assert await asyncio.gather(*(lanes.enter("A", "h") for _ in range(5))) == [2.0] * 5
        assert (lanes.running, lanes.waiting) == (1, 0)
        lanes.leave("A", "h")
        assert await lanes.enter("A", "h") == 0

    run(scenario())


def test_in_a_slow_lane_few_wait_and_the_others_come_back_ever_later(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LaneLimits(running=1, slow_waiting=1, wait_s=0.02))
        assert await lanes.enter("A", "h") == 0
        delays = []
        for _ in range(6):
            delays.append(await asyncio.gather(lanes.enter("A", "h"), lanes.enter("A", "h")))
        assert delays == [[2.0, 2.0], [4.0, 2.0], [8.0, 4.0], [16.0, 8.0], [30.0, 16.0], [30.0, 30.0]]
        # Another lane is as quick as ever.
        assert await lanes.enter("A", "other") == 0

    run(scenario())


def test_a_lane_whose_line_empties_is_no_longer_slow(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LaneLimits(running=1, slow_waiting=1, wait_s=0.02))
        assert await lanes.enter("A", "h") == 0
        assert await lanes.enter("A", "h") == 2.0
        waiting = await enter(lanes, "A", "h")
        lanes.leave("A", "h")
        assert await waiting == 0
        assert await asyncio.gather(lanes.enter("A", "h"), lanes.enter("A", "h")) == [2.0, 2.0]

    run(scenario())


def test_a_slow_lane_lets_as_many_wait_as_it_served(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LaneLimits(running=1, waiting=6, slow_waiting=1, wait_s=0.1))
        assert await lanes.enter("A", "h") == 0
        waiting = [await enter(lanes, "A", "h") for _ in range(7)]
        for _ in range(3):
            lanes.leave("A", "h")
        # The lane took three of the six while the others waited in vain; the seventh found the line full.
        assert [await task for task in waiting] == [0, 0, 0, 2.0, 2.0, 2.0, 1.0]
        waiting = [await enter(lanes, "A", "h") for _ in range(4)]
        assert [task.done() for task in waiting] == [False, False, False, True]
        for _ in range(3):
            lanes.leave("A", "h")
        assert [await task for task in waiting] == [0, 0, 0, 2.0]
        # The line is empty: the lane is trusted with twice as many, and never with more than six.
        waiting = [await enter(lanes, "A", "h") for _ in range(7)]
        assert [task.done() for task in waiting] == [False] * 6 + [True]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(scenario())


def test_a_place_given_to_one_who_leaves_goes_to_the_next(run) -> None:
    async def scenario() -> None:
        lanes = WebhookLanes(LaneLimits(running=1, wait_s=60.0))
        assert await lanes.enter("A", "h") == 0
        first, second, third = [await enter(lanes, "A", "h") for _ in range(3)]
        second.cancel()
        lanes.leave("A", "h")
        first.cancel()
        assert await third == 0
        assert (lanes.running, lanes.waiting) == (1, 0)
        for task in (first, second):
            with pytest.raises(asyncio.CancelledError):
                await task

    run(scenario())


class Lanes(RuleBasedStateMachine):
    """Any order of entering, leaving and giving up keeps the caps, and nobody waits who could run."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.lanes = WebhookLanes(LIMITS)
        self.tasks: list[tuple[str, str, asyncio.Task[float]]] = []

    def teardown(self) -> None:
        self.runner.run(self.settle(cancel=True))
        self.runner.close()

    async def settle(self, *, cancel: bool = False) -> None:
        if cancel:
            for _, _, task in self.tasks:
                task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)

    @rule(account=st.sampled_from("AB"), host=st.sampled_from("xyz"))
    def enters(self, account: str, host: str) -> None:
        async def step() -> None:
            self.tasks.append((account, host, asyncio.create_task(self.lanes.enter(account, host))))
            await self.settle()

        self.runner.run(step())
        self.tasks = [entry for entry in self.tasks if not entry[2].done() or entry[2].result() == 0]

    @precondition(lambda self: self.tasks)
    @rule(data=st.data())
    def leaves_or_gives_up(self, data: st.DataObject) -> None:
        account, host, task = self.tasks.pop(data.draw(st.integers(0, len(self.tasks) - 1)))

        async def step() -> None:
            if task.done():
                self.lanes.leave(account, host)
            else:
                task.cancel()
            await self.settle()

        self.runner.run(step())

    @invariant()
    def caps_hold_and_nobody_waits_in_vain(self) -> None:
        running = [(account, host) for account, host, task in self.tasks if task.done()]
        waiting = [(account, host) for account, host, task in self.tasks if not task.done()]
        assert (self.lanes.running, self.lanes.waiting) == (len(running), len(waiting))
        by_lane, by_account = Counter(running), Counter(account for account, _ in running)
        assert len(running) <= 5
        assert max(by_lane.values(), default=0) <= 2
        assert max(by_account.values(), default=0) <= 3
        for lane in waiting:
            assert len(running) == 5 or by_lane[lane] == 2 or by_account[lane[0]] == 3


Lanes.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLanes = Lanes.TestCase
