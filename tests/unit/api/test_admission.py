"""Who is let in, who waits, and who is refused when there are too many."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.admission import Admission, AdmissionLimits, TooManyRequestsError

Run = Callable[[Awaitable[Any]], Any]


class Requests:
    """Requests at an admission; each stays until it is told to end. What became of them is noted."""

    def __init__(self, **limits: Any) -> None:
        self.admission = Admission(AdmissionLimits(**limits))
        self.began: list[str] = []
        self.refused: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def ask(self, *names: str) -> None:
        """A request each: the letter is its tenant."""
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._ask(name))

    async def _ask(self, name: str) -> None:
        try:
            tenant = self.admission.arrive(name[0])
        except TooManyRequestsError:
            self.refused.append(name)
            return
        try:
            await self.admission.enter(tenant)
            self.began.append(name)
            try:
                await self.ends[name].wait()
            finally:
                self.admission.leave(tenant)
        except TooManyRequestsError:
            self.refused.append(name)
        finally:
            self.admission.depart(tenant)

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
        await settle()

    async def end_all(self) -> None:
        for end in self.ends.values():
            end.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    @property
    def empty(self) -> bool:
        admission = self.admission
        return (admission.running, admission.waiting, admission._tenants, admission._lines) == (0, 0, {}, {})


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


def test_as_many_run_as_may_and_the_next_begins_when_one_ends(run: Run) -> None:
    async def story() -> None:
        requests = Requests(running=2)
        requests.ask("a1", "a2", "a3")
        await settle()
        assert requests.began == ["a1", "a2"]
        await requests.end("a2")
        assert requests.began == ["a1", "a2", "a3"]
        assert requests.refused == []
        await requests.end_all()
        assert requests.empty

    run(story())


def test_lines_are_served_in_turn_however_long_they_are(run: Run) -> None:
    async def story() -> None:
        requests = Requests(running=1)
        requests.ask("a1", "a2", "a3", "a4", "a5")
        await settle()
        requests.ask("b1", "c1", "b2")
        await settle()
        for name in ("a1", "a2", "b1", "c1", "a3", "b2", "a4", "a5"):
            assert requests.began[-1] == name
            await requests.end(name)
        assert requests.empty

    run(story())


def test_who_comes_while_others_wait_does_not_pass_them(run: Run) -> None:
    async def story() -> None:
        requests = Requests(running=2, tenant_running=1)
        requests.ask("a1", "a2")
        await settle()
        requests.ask("b1", "c1")
        await settle()
        # a2 waits for its own tenant and holds nobody up.
        assert requests.began == ["a1", "b1"]
        await requests.end("b1")
        assert requests.began == ["a1", "b1", "c1"]
        await requests.end("a1", "c1")
        assert requests.began[-1] == "a2"
        await requests.end_all()
        assert requests.empty

    run(story())


def test_who_has_most_waiting_is_refused_first(run: Run) -> None:
    async def story() -> None:
        requests = Requests(running=1, waiting=3)
        requests.ask("a1", "a2", "a3", "a4")
        await settle()
        requests.ask("a5")
        await settle()
        assert requests.refused == ["a5"]
        requests.ask("b1")
        await settle()
        # The newest of the longest line gives way.
        assert requests.refused == ["a5", "a4"]
        requests.ask("b2")
        await settle()
        # Now the lines are as long as each other but for one: b is not refused for a's sake.
        assert requests.refused == ["a5", "a4", "a3"]
        requests.ask("b3")
        await settle()
        assert requests.refused == ["a5", "a4", "a3", "b3"]
        await requests.end_all()
        assert requests.empty

    run(story())


def test_who_waits_too_long_is_refused(run: Run) -> None:
    async def story() -> None:
        requests = Requests(running=1, wait_s=0.02)
        requests.ask("a1", "a2", "b1")
        await asyncio.sleep(0.1)
        assert requests.refused == ["a2", "b1"]
        requests.ask("a3")
        await settle()
        await requests.end("a1")
        assert requests.began == ["a1", "a3"]
        await requests.end_all()
        assert requests.empty

    run(story())


def test_a_tenant_has_so_many_unanswered_and_others_are_not_counted(run: Run) -> None:
    async def story() -> None:
        requests = Requests(tenant_present=2)
        requests.ask("a1", "a2", "a3", "b1")
        await settle()
        assert requests.refused == ["a3"]
        await requests.end("a1")
        requests.ask("a4")
        await settle()
        assert requests.began == ["a1", "a2", "b1", "a4"]
        await requests.end_all()
        assert requests.empty

    run(story())


@pytest.mark.parametrize("late", [False, True], ids=["in line", "let in at that moment"])
def test_who_leaves_gives_its_place_to_the_next(run: Run, late: bool) -> None:
    async def story() -> None:
        requests = Requests(running=1)
        requests.ask("a1", "a2", "a3")
        await settle()
        if late:
            requests.ends["a1"].set()
            while requests.admission.waiting == 2:
                await asyncio.sleep(0)
            requests.tasks["a2"].cancel()
        else:
            requests.tasks["a2"].cancel()
            await settle()
            requests.ends["a1"].set()
        await settle()
        assert requests.began == ["a1", "a3"]
        await requests.end_all()
        assert requests.empty

    run(story())


def test_a_quiet_tenant_is_never_refused_and_waits_for_one_turn_of_a_busy_one(run: Run) -> None:
    async def story() -> None:
        requests = Requests(running=4, waiting=8)
        asked = Counter[str]()

        def ask(tenant: str) -> str:
            asked[tenant] += 1
            requests.ask(name := f"{tenant}{asked[tenant]}")
            return name

        for _ in range(30):
            for _ in range(10):
                ask("a")
            quiet = ask("q")
            await settle()
            running = [name for name, task in requests.tasks.items() if name in requests.began and not task.done()]
            await requests.end(*running)
            assert quiet in requests.began
        assert not [name for name in requests.refused if name[0] == "q"]
        assert len(requests.refused) > 100
        await requests.end_all()
        assert requests.empty

    run(story())


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from("abc")),
        st.tuples(st.sampled_from(["end", "cancel"]), st.integers(0, 30)),
        st.tuples(st.just("settle"), st.just(0)),
    ),
    max_size=60,
)


@given(steps, st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
def test_the_bounds_hold_and_everybody_hears_something(
    script: list[tuple[str, Any]], running: int, tenant_running: int, waiting: int
) -> None:
    async def story() -> None:
        requests = Requests(running=running, tenant_running=tenant_running, waiting=waiting)
        for number, (verb, which) in enumerate(script):
            names = list(requests.tasks)
            if verb == "ask":
                requests.ask(f"{which}{number}")
            elif verb == "settle":
                await settle()
            elif which < len(names):
                if verb == "end":
                    requests.ends[names[which]].set()
                else:
                    requests.tasks[names[which]].cancel()
            admission = requests.admission
            assert admission.running <= running
            assert admission.waiting <= waiting
            assert all(tenant.running <= tenant_running for tenant in admission._tenants.values())
        async with asyncio.timeout(5):
            await requests.end_all()
        assert requests.empty

    asyncio.run(story())
