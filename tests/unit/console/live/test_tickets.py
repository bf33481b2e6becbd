"""Tickets serve once, soon, and are bounded in number."""

from typing import Any

import pytest

from ringfence.console.live import tickets as module
from ringfence.console.live.looked import Looked
from ringfence.console.live.tickets import LIFE_MS, OF_ACCOUNT_MAX, OF_SESSION_MAX, Tickets
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Session
from ringfence.domain.clock import ManualClock

QUEUES = Looked(page="/queues", account="")


def session(name: str, account: str = "") -> Session:
    key = PublicJwk(kty="EC", crv="P-256", x="", y="")
    times = {"made_ms": 0, "seen_ms": 0, "verified_ms": 0}
    return Session(id=name, kind="staff", person="UX1", account=account, public_jwk=key, **times)


@pytest.fixture
def tickets(clock: ManualClock) -> Tickets:
    return Tickets(clock)


def test_a_ticket_serves_once_and_for_what_it_was_given(tickets: Tickets) -> None:
    ticket = tickets.give(session("CS1"), QUEUES)
    found = tickets.take(ticket)
    assert found is not None
    assert (found.session.id, found.looked) == ("CS1", QUEUES)
    assert tickets.take(ticket) is None
    assert tickets.take("x" * 43) is None


def test_a_ticket_is_of_no_use_half_a_minute_later(tickets: Tickets, clock: ManualClock) -> None:
    late, in_time = tickets.give(session("CS1"), QUEUES), tickets.give(session("CS1"), QUEUES)
    clock.advance(LIFE_MS - 1)
    assert tickets.take(in_time) is not None
    clock.advance(1)
    assert tickets.take(late) is None


def test_a_session_that_takes_many_loses_its_own_and_nobody_elses(tickets: Tickets) -> None:
    others = tickets.give(session("CS2"), QUEUES)
    own = [tickets.give(session("CS1"), QUEUES) for _ in range(OF_SESSION_MAX + 3)]
    assert [tickets.take(each) is not None for each in own] == [False] * 3 + [True] * OF_SESSION_MAX
    assert tickets.take(others) is not None


def test_an_account_that_takes_many_loses_its_own_and_nobody_elses(tickets: Tickets) -> None:
    others = tickets.give(session("CS0", "AC2"), QUEUES)
    own = [tickets.give(session(f"CS{number}", "AC1"), QUEUES) for number in range(1, OF_ACCOUNT_MAX + 4)]
    assert [tickets.take(each) is not None for each in own] == [False] * 3 + [True] * OF_ACCOUNT_MAX
    assert tickets.take(others) is not None


def test_where_all_have_too_many_whoever_has_most_loses_the_oldest(
    tickets: Tickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OF_ALL_MAX", 30)
    few = [tickets.give(session(f"CS{number}", f"AC{number}"), QUEUES) for number in range(27)]
    most = [tickets.give(session(f"CSm{number}", "ACmost"), QUEUES) for number in range(3)]
    late = tickets.give(session("CSlate", "AClate"), QUEUES)
    assert [tickets.take(each) is not None for each in most] == [False, True, True]
    assert all(tickets.take(each) is not None for each in [*few, late])


def test_nothing_that_is_kept_is_a_ticket(tickets: Tickets) -> None:
    ticket = tickets.give(session("CS1"), QUEUES)
    kept: Any = vars(tickets)
    assert ticket not in repr(kept)
