"""Outcomes that are written together do what they would do one by one."""

from ringfence.domain.carrier_trail import MAX_CHARACTERS
from ringfence.domain.message import Direction, Status
from ringfence.ports.store import Lease, Outcome
from ringfence.store.moves import Moves
from ringfence.store.progress import Progress

KEY = ("AC", "SM")
QUEUED = Progress(
    "AC", "SM", 0, Direction.OUTBOUND_API, Status.QUEUED, "+1", "c", None, None, None, "USD", 1, 0, None, True
)
DONE = Progress("AC", "SM", 0, Direction.OUTBOUND_API, Status.DELIVERED, "+1", "c", "r", None, 5, "USD", 1, 2, 1, True)


def outcome(status, at_ms=1, **more):
    return Outcome(account="AC", sid="SM", status=status, at_ms=at_ms, **more)


def test_a_message_that_is_sent_and_delivered_at_once_has_both_events_and_one_price():
    moves = Moves({KEY: QUEUED})
    assert moves.apply(None, outcome(Status.SENT, 1, carrier_ref="r", price_micros=5, trail="a\n"))
    assert moves.apply(None, outcome(Status.DELIVERED, 2, trail="b\n"))
    change = moves.changes[KEY]
    assert (change.status, change.sequence, change.carrier_ref, change.sent_ms) == (Status.DELIVERED, 2, "r", 1)
    assert (change.price_micros, change.queued, change.final, change.trail) == (5, False, True, "a\nb\n")
    assert [(event.kind, event.sequence) for _, _, event in moves.events] == [
        ("message.sent", 1),
        ("message.delivered", 2),
    ]
    assert [(rated.price_micros, rated.at_ms) for rated in moves.rated] == [(5, 2)]


def test_what_the_table_of_moves_forbids_changes_nothing_but_the_trail():
    moves = Moves({KEY: DONE})
    assert not moves.apply(None, outcome(Status.SENT, trail="late\n"))
    assert (moves.changes, moves.events, moves.rated) == ({}, [], [])
    assert moves.ignored == [("AC", "SM", "late\n")]


def test_a_trail_that_is_long_enough_takes_no_more_that_changes_nothing():
    moves = Moves({KEY: DONE})
    for _ in range(3):
        moves.apply(None, outcome(Status.SENT, trail="x" * (MAX_CHARACTERS // 2)))
    assert [len(trail) for *_, trail in moves.ignored] == [MAX_CHARACTERS]


def test_what_was_said_before_a_change_stays_before_it():
    moves = Moves({KEY: QUEUED})
    moves.apply(None, outcome(Status.DELIVERED, trail="early\n"))
    moves.apply(None, outcome(Status.SENT, trail="sent\n"))
    moves.apply(None, outcome(Status.SENT, trail="again\n"))
    assert moves.changes[KEY].trail == "early\nsent\nagain\n"
    assert moves.ignored == []


def test_a_lease_moves_its_own_queue_only():
    lease = Lease(account="AC", sender="+2", carrier="c", fence=1, until_ms=0)
    moves = Moves({KEY: QUEUED})
    assert not moves.apply(lease, outcome(Status.SENT))
    assert not moves.apply(None, Outcome(account="AC", sid="unknown", status=Status.SENT, at_ms=1))
    assert not moves.changes
