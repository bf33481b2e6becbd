"""Faults under traffic: nothing acknowledged is lost, order holds, the program is told everything.

`make soak` strikes more of them, for longer.
"""

import pytest

from faults.books import Books, stale_repeats
from faults.clocks import DAY_MS, HOUR_MS, jump
from faults.kills import kill, kill_postgres
from faults.pauses import pause, pause_in_write, second_group
from faults.scene import Scene
from ringfence.store.committer import BEGIN_LIMIT_S
from ringfence.testing.postgres_server import PostgresServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

# The bar is 2 s on a machine of its own (`make soak` shows it); the machine of a test is shared.
WORKING_AGAIN_S = 8.0
LEASE_S = 1.5


def judge(books: Books, working_again_s: float = WORKING_AGAIN_S) -> None:
    assert books.problems() == []
    assert books.acknowledged > 50
    assert books.accepts_silent_s < working_again_s
    assert books.deliveries_silent_s < working_again_s


@pytest.mark.parametrize("role", ["dispatcher", "api", "kms"])
def test_a_killed_role_costs_no_text_and_no_callback(on_sqlite: Scene, role: str) -> None:
    judge(on_sqlite.round(f"kill {role}", kill(role)))


def test_a_dispatcher_that_stands_still_in_the_midst_of_a_write_has_requests_refused_not_hanging(
    on_sqlite: Scene,
) -> None:
    books = on_sqlite.round("stop within a write", pause_in_write(BEGIN_LIMIT_S + 2))
    assert books.problems() == []
    assert set(books.refused) == {503}
    assert books.unanswered == 0
    shown = [text for text in on_sqlite.handsets.read() if text.body.startswith("stop-within-a-write ")]
    assert len({text.body for text in shown}) == books.acknowledged, "what was refused is not sent either"


def test_a_clock_that_jumps_costs_nothing_and_delays_nothing(on_sqlite: Scene) -> None:
    for name, to_ms in (("a day ahead", DAY_MS), ("an hour back", DAY_MS - HOUR_MS)):
        judge(on_sqlite.round(name, jump(to_ms), before_s=1.0, after_s=1.5))


def test_a_killed_postgresql_costs_no_text_and_no_callback(on_postgres: Scene, postgres_server: PostgresServer) -> None:
    judge(on_postgres.round("kill PostgreSQL", kill_postgres(postgres_server)))


def test_a_dispatcher_that_stands_still_past_its_lease_sends_nothing_when_it_goes_on(on_postgres: Scene) -> None:
    with second_group(on_postgres):
        judge(on_postgres.round("stop a dispatcher", pause("dispatcher", 3 * LEASE_S)))
    # What it had handed over when it stopped may come again from the other: from this one nothing may.
    shown = [text for text in on_postgres.handsets.read() if text.body.startswith("stop-a-dispatcher ")]
    assert stale_repeats(shown, *on_postgres.stood_still) == 0
