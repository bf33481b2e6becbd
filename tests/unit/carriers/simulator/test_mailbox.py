"""News is kept until acknowledged, and offered again to whoever asks."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ringfence.carriers.simulator import mailbox as mailbox_module
from ringfence.carriers.simulator.mailbox import RETRY_MS, TAKEN_MS, Mailbox, News
from ringfence.domain.message import Status
from ringfence.ports.carrier import Receipt

NOW = 1_000_000


def receipt(ref: str = "r") -> Receipt:
    return Receipt(carrier_ref=ref, status=Status.DELIVERED, at_ms=NOW)


def filled(count: int) -> Mailbox:
    mailbox = Mailbox()
    for number in range(count):
        assert mailbox.put(receipt=receipt(str(number))) == number + 1
    return mailbox


def ids(news: list[News]) -> list[int]:
    return [item.id for item in news]


def test_items_are_taken_in_order_and_once_while_held() -> None:
    mailbox = filled(3)
    assert ids(mailbox.take(2, NOW)) == [1, 2]
    assert ids(mailbox.take(2, NOW)) == [3]
    assert mailbox.take(2, NOW) == []
    assert len(mailbox) == 3


def test_what_is_not_acknowledged_is_offered_again() -> None:
    mailbox = filled(2)
    mailbox.take(2, NOW)
    assert ids(mailbox.acknowledge([1])) == [1]
    assert mailbox.take(2, NOW + TAKEN_MS - 1) == []
    assert ids(mailbox.take(2, NOW + TAKEN_MS)) == [2]


def test_what_is_put_back_is_offered_a_little_later() -> None:
    mailbox = filled(1)
    mailbox.take(1, NOW)
    mailbox.put_back([1, 99], NOW)
    assert mailbox.next_ms(NOW) == NOW + RETRY_MS
    assert mailbox.take(1, NOW + RETRY_MS - 1) == []
    assert ids(mailbox.take(1, NOW + RETRY_MS)) == [1]


def test_a_new_reader_is_offered_everything_at_once() -> None:
    mailbox = filled(2)
    mailbox.take(2, NOW)
    mailbox.put_all_back()
    assert ids(mailbox.take(5, NOW)) == [1, 2]


def test_acknowledging_twice_is_a_no_op() -> None:
    mailbox = filled(1)
    assert len(mailbox.acknowledge([1])) == 1
    assert mailbox.acknowledge([1, 2]) == []


def test_what_was_acknowledged_or_cleared_leaves_no_trace() -> None:
    mailbox = filled(2)
    mailbox.take(2, NOW)
    mailbox.acknowledge([1])
    mailbox.put(receipt=receipt())
    assert mailbox.next_ms(NOW) == NOW, "the new one can be taken at once"
    mailbox.take(2, NOW)
    mailbox.clear()
    mailbox.put(receipt=receipt())
    assert mailbox.next_ms(NOW) == NOW


def test_it_is_full_at_its_capacity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "CAPACITY", 2)
    assert not filled(1).full
    assert filled(2).full


def test_it_knows_when_something_can_be_taken() -> None:
    mailbox = Mailbox()
    assert mailbox.next_ms(NOW) is None
    mailbox.put(receipt=receipt())
    assert mailbox.next_ms(NOW) == NOW
    mailbox.take(1, NOW)
    assert mailbox.next_ms(NOW) == NOW + TAKEN_MS
    assert mailbox.next_ms(NOW + TAKEN_MS + 5) == NOW + TAKEN_MS + 5
    mailbox.clear()
    assert mailbox.next_ms(NOW) is None
    assert mailbox.put(receipt=receipt()) == 2, "an id is never used twice"


class Reading(RuleBasedStateMachine):
    """Whatever readers do, nothing is lost before its acknowledgement and nothing comes back after it."""

    def __init__(self) -> None:
        super().__init__()
        self.mailbox, self.now_ms = Mailbox(), NOW
        self.put_ids: set[int] = set()
        self.acked: set[int] = set()
        self.held: dict[int, int] = {}

    @rule()
    def put(self) -> None:
        self.put_ids.add(self.mailbox.put(receipt=receipt()))

    @rule(limit=st.integers(1, 4))
    def take(self, limit: int) -> None:
        taken = ids(self.mailbox.take(limit, self.now_ms))
        free = sorted(i for i in self.put_ids - self.acked if self.held.get(i, 0) <= self.now_ms)
        assert taken == free[:limit]
        self.held.update(dict.fromkeys(taken, self.now_ms + TAKEN_MS))

    @rule(item=st.integers(1, 20))
    def acknowledge(self, item: int) -> None:
        known = item in self.put_ids - self.acked
        assert (ids(self.mailbox.acknowledge([item])) == [item]) is known
        if known:
            self.acked.add(item)

    @rule(item=st.integers(1, 20))
    def put_back(self, item: int) -> None:
        self.mailbox.put_back([item], self.now_ms)
        if item in self.put_ids - self.acked:
            self.held[item] = self.now_ms + RETRY_MS

    @rule()
    def rebind(self) -> None:
        self.mailbox.put_all_back()
        self.held.clear()

    @rule(ms=st.integers(1, TAKEN_MS))
    def wait(self, ms: int) -> None:
        self.now_ms += ms

    @invariant()
    def keeps_what_is_owed(self) -> None:
        assert len(self.mailbox) == len(self.put_ids - self.acked)


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
