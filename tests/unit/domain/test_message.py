"""The life of a text: forward only, and settled once."""

import itertools

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ringfence.domain.message import FINAL, TRANSITIONS, Content, Direction, Status, may_become

S = Status

# How far along a message is. No move goes to a lower step, and none stays on one.
STEP = {
    S.ACCEPTED: 0, S.SCHEDULED: 1, S.QUEUED: 2, S.SENDING: 3, S.SENT: 4, S.PARTIALLY_DELIVERED: 5, S.DELIVERED: 6,
    S.UNDELIVERED: 6, S.FAILED: 6, S.CANCELED: 6, S.RECEIVING: 4, S.RECEIVED: 6, S.READ: 7,
}  # fmt: skip


def test_the_statuses_are_twilios():
    # Twilio, OpenAPI v2010, message_enum_status and message_enum_direction.
    assert {*map(str, Status)} == {
        "queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted",
        "scheduled", "read", "partially_delivered", "canceled",
    }  # fmt: skip
    assert {*map(str, Direction)} == {"inbound", "outbound-api", "outbound-call", "outbound-reply"}


@pytest.mark.parametrize(
    "life",
    [
        [S.QUEUED, S.SENDING, S.SENT, S.DELIVERED, S.READ],
        [S.ACCEPTED, S.QUEUED, S.SENT, S.UNDELIVERED],
        [S.ACCEPTED, S.SCHEDULED, S.QUEUED, S.SENDING, S.FAILED],
        [S.SCHEDULED, S.CANCELED],
        [S.ACCEPTED, S.CANCELED],
        [S.QUEUED, S.CANCELED],
        [S.SCHEDULED, S.SENT, S.FAILED],
        [S.ACCEPTED, S.SENT],
        [S.QUEUED, S.UNDELIVERED],
        [S.SENDING, S.UNDELIVERED],
        [S.SENDING, S.DELIVERED],
        [S.SENT, S.PARTIALLY_DELIVERED, S.DELIVERED],
        [S.PARTIALLY_DELIVERED, S.UNDELIVERED],
        [S.PARTIALLY_DELIVERED, S.READ],
        [S.RECEIVING, S.RECEIVED, S.READ],
        [S.RECEIVING, S.FAILED],
    ],
)
def test_lives_that_happen(life):
    for before, after in itertools.pairwise(life):
        assert may_become(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.SENT, S.QUEUED),
        (S.SENT, S.CANCELED),
        (S.SENDING, S.CANCELED),
        (S.SENDING, S.QUEUED),
        (S.DELIVERED, S.UNDELIVERED),
        (S.UNDELIVERED, S.DELIVERED),
        (S.FAILED, S.SENT),
        (S.CANCELED, S.QUEUED),
        (S.QUEUED, S.SCHEDULED),
        (S.QUEUED, S.RECEIVED),
        (S.RECEIVED, S.DELIVERED),
        (S.QUEUED, S.READ),
        (S.QUEUED, S.DELIVERED),
        (S.SCHEDULED, S.DELIVERED),
        (S.ACCEPTED, S.DELIVERED),
    ],
)
def test_moves_that_never_happen(before, after):
    assert not may_become(before, after)


@pytest.mark.parametrize("status", Status)
def test_a_move_is_forward_and_settling_twice_changes_nothing(status):
    assert not may_become(status, status)
    assert all(STEP[after] > STEP[status] for after in TRANSITIONS[status])


def test_final_is_what_leads_nowhere_but_to_read():
    assert {status for status, after in TRANSITIONS.items() if after <= {S.READ}} == FINAL
    assert len(FINAL) == 6


def test_inbound_and_outbound_never_mix():
    inbound, outbound = {S.RECEIVING, S.RECEIVED}, {S.QUEUED, S.SENDING, S.SENT, S.DELIVERED}
    for status in outbound | {S.ACCEPTED, S.SCHEDULED}:
        assert not TRANSITIONS[status] & inbound
    for status in inbound:
        assert not TRANSITIONS[status] & outbound


class Life(RuleBasedStateMachine):
    """Any walk through the table, with outcomes in any order, repeated or late."""

    @initialize(first=st.sampled_from([S.ACCEPTED, S.SCHEDULED, S.QUEUED, S.RECEIVING]))
    def begin(self, first):
        self.seen = [first]

    @rule(outcome=st.sampled_from(Status))
    def arrive(self, outcome):
        if may_become(self.seen[-1], outcome):
            self.seen.append(outcome)

    @invariant()
    def only_forward(self):
        steps = [STEP[status] for status in getattr(self, "seen", [])]
        assert steps == sorted(set(steps))

    @invariant()
    def at_most_one_end(self):
        ends = [status for status in getattr(self, "seen", []) if status in FINAL - {S.READ}]
        assert len(ends) <= 1


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
test_any_walk_is_forward_and_ends_once = Life.TestCase


def test_content_is_not_shown():
    assert repr(Content(remote="+12025550123", body="secret")) == "Content(…)"


def test_content_at_rest_is_five_fields_in_this_order():
    content = Content(remote="+1", body="b", status_callback="s", media_urls=("m",))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(content)) == ["+1", "b", "s", ["m"], None]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Content(remote="+1", body="b"))) == ["+1", "b", None, [], None]
    assert msgspec.msgpack.decode(b"\x94\xa2+1\xa1b\xc0\x90", type=Content) == Content(remote="+1", body="b")
    assert msgspec.msgpack.decode(b"\x92\xa2+1\xa1b", type=Content) == Content(remote="+1", body="b")


def test_content_does_not_change_and_its_fields_are_named():
    with pytest.raises(AttributeError):
        Content(remote="+1", body="b").body = "c"
    with pytest.raises(TypeError):
        Content("+1", "b")
