"""The simulated network as a message centre with handsets behind it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.carriers.simulator import network as network_module
from ringfence.carriers.simulator.faults import Fault, FaultKind
from ringfence.carriers.simulator.network import Network, NetworkFullError, Pace
from ringfence.domain.clock import ManualClock
from ringfence.domain.message import Status
from ringfence.ports.carrier import Receipt, Submit

SHOP, PHONE, OTHER = "+12025550123", "+12025550177", "+12025550178"


def text(ref: str = "SM1", to: str = PHONE, body: str = "Hello", sender: str = SHOP) -> Submit:
    return Submit(ref=ref, sender=sender, to=to, body=body)


@pytest.fixture
def network(clock: ManualClock) -> Network:
    return Network(clock, pace=Pace(delivery_ms=250, receipt_ms=150))


def pass_time(network: Network, ms: int = 10_000) -> None:
    assert isinstance(network.clock, ManualClock)
    end = network.clock.monotonic_ms() + ms
    while (due := network.next_due_ms()) is not None and due <= end:
        network.clock.advance(max(0, due - network.clock.monotonic_ms()))
        network.advance()
    network.clock.advance(end - network.clock.monotonic_ms())


def receipts(network: Network) -> list[Receipt]:
    news = network.mailbox.take(1_000, network.clock.monotonic_ms())
    network.acknowledge([item.id for item in news])
    return [item.receipt for item in news if item.receipt is not None]


def statuses(network: Network, number: str = PHONE) -> list[Status]:
    handset = network.handset(number)
    assert handset is not None
    return [kept.status for kept in handset.texts]


def test_a_text_is_sending_then_delivered_then_receipted(network: Network, clock: ManualClock) -> None:
    network.add_handset(PHONE, "Ada")
    (answer,) = network.submit([text(body="Haircut at 15:00")])
    assert answer.ref == "SM1"
    assert answer.carrier_ref
    assert answer.error_code is None
    assert statuses(network) == [Status.SENDING]
    clock.advance(249)
    assert network.advance() == 0
    clock.advance(1)
    assert network.advance() == 1
    assert statuses(network) == [Status.DELIVERED]
    assert receipts(network) == []
    delivered_at = clock.now_ms()
    clock.advance(150)
    assert network.advance() == 1
    (receipt,) = receipts(network)
    assert receipt == Receipt(
        carrier_ref=answer.carrier_ref, status=Status.DELIVERED, at_ms=delivered_at, raw="stat:DELIVRD err:000"
    )
    handset = network.handset(PHONE)
    assert handset is not None
    (kept,) = handset.texts
    assert (kept.sender, kept.to, kept.body, kept.sid, kept.inbound, kept.peer) == (
        SHOP,
        PHONE,
        "Haircut at 15:00",
        "SM1",
        False,
        SHOP,
    )


def test_a_repeated_submit_gets_the_same_answer_and_buzzes_nobody(network: Network) -> None:
    first = network.submit([text()])
    assert network.submit([text()]) == first
    pass_time(network)
    assert network.submit([text()]) == first
    pass_time(network)
    assert len(statuses(network)) == 1
    assert len(receipts(network)) == 1


def test_a_network_that_takes_repeats_buzzes_again_and_tells_both_ends(network: Network) -> None:
    network.add_fault(Fault(kind=FaultKind.TAKE_REPEATS, remaining=1))
    (first,) = network.submit([text()])
    (second,) = network.submit([text()])
    assert second.carrier_ref != first.carrier_ref
    assert network.submit([text()]) == [second]
    pass_time(network)
    assert len(statuses(network)) == 2
    assert {receipt.carrier_ref for receipt in receipts(network)} == {first.carrier_ref, second.carrier_ref}


def test_submitted_refs_are_bounded(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "REFS_KEPT", 2)
    first = network.submit([text("SM1"), text("SM2"), text("SM3")])
    assert network.submit([text("SM3")])[0] == first[2]
    assert network.submit([text("SM2")])[0] == first[1]
    assert network.submit([text("SM1")])[0] != first[0]


def test_answers_come_in_the_order_asked_with_references_of_their_own(network: Network) -> None:
    answers = network.submit([text(f"SM{n}") for n in range(5)])
    assert [answer.ref for answer in answers] == [f"SM{n}" for n in range(5)]
    assert len({answer.carrier_ref for answer in answers}) == 5


def test_two_networks_never_give_the_same_reference(clock: ManualClock) -> None:
    assert Network(clock).submit([text()])[0].carrier_ref != Network(clock).submit([text()])[0].carrier_ref


def test_a_text_to_an_unknown_number_makes_an_automatic_handset(network: Network) -> None:
    network.submit([text(to=OTHER)])
    handset = network.handset(OTHER)
    assert handset is not None
    assert handset.automatic
    assert network.add_handset(OTHER, "Bo") is handset
    assert not handset.automatic
    assert handset.name == "Bo"
    assert network.add_handset(OTHER).name == "Bo"


def test_the_automatic_handset_texted_longest_ago_makes_room(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "MAX_HANDSETS", 3)
    network.add_handset(PHONE)
    network.submit([text("SM1", "+12025550101"), text("SM2", "+12025550102"), text("SM3", "+12025550101")])
    network.submit([text("SM4", "+12025550103")])
    assert [handset.number for handset in network.handsets()] == [PHONE, "+12025550101", "+12025550103"]


def test_a_handset_that_was_added_is_never_dropped_for_a_newer_one(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_module, "MAX_HANDSETS", 2)
    network.submit([text("SM1", PHONE), text("SM2", OTHER)])
    network.add_handset(PHONE)
    network.submit([text("SM3", "+12025550101")])
    assert [handset.number for handset in network.handsets()] == [PHONE, "+12025550101"]


@pytest.mark.parametrize("forget", [lambda network: network.remove_handset(OTHER), lambda network: network.reset()])
def test_a_handset_that_is_gone_makes_no_room_twice(
    network: Network, monkeypatch: pytest.MonkeyPatch, forget: Callable[[Network], object]
) -> None:
    monkeypatch.setattr(network_module, "MAX_HANDSETS", 1)
    network.submit([text("SM1", OTHER)])
    forget(network)
    network.add_handset(PHONE)
    with pytest.raises(NetworkFullError):
        network.add_handset("+12025550101")


def test_renaming_changes_the_name_alone(network: Network) -> None:
    assert not network.rename_handset(PHONE, "Ada")
    network.add_handset(PHONE, "Ada")
    assert network.rename_handset(PHONE, "")
    assert [handset.name for handset in network.handsets()] == [""]


STEPS: dict[str, Callable[[Network], object]] = {
    "handsets": lambda network: network.add_handset(OTHER),
    "handsets by a text": lambda network: network.submit([text("SM9", "+12025550101")]),
    "handsets renamed": lambda network: network.rename_handset(PHONE, "Bo"),
    "texts": lambda network: network.submit([text("SM9")]),
    "texts delivered": lambda network: pass_time(network),
    "texts written": lambda network: network.text_from(PHONE, SHOP, "C"),
    "texts read": lambda network: (pass_time(network), network.mark_read(PHONE)),
    "removed": lambda network: network.remove_handset(PHONE),
    "whole": lambda network: network.clear_texts(PHONE),
    "whole by reset": lambda network: network.reset(),
    "faults": lambda network: network.add_fault(Fault(kind=FaultKind.DELAY)),
    "faults lifted": lambda network: network.remove_fault("fault-1"),
    "faults cleared": lambda network: network.clear_faults(),
}


@pytest.mark.parametrize("step", STEPS)
def test_every_change_is_told(network: Network, step: str) -> None:
    network.add_handset(PHONE, "Ada")
    network.add_fault(Fault(kind=FaultKind.LOSE_RECEIPTS))
    network.submit([text()])
    before = network.changes.version
    STEPS[step](network)
    batch = network.changes.since(before)
    assert getattr(batch, step.partition(" ")[0]), step


def test_faults_are_lifted_one_by_one_or_all(network: Network) -> None:
    fault = network.add_fault(Fault(kind=FaultKind.FAIL))
    assert not network.remove_fault("fault-9")
    assert network.remove_fault(fault.id)
    network.add_fault(Fault(kind=FaultKind.FAIL))
    network.clear_faults()
    assert list(network.faults) == []


def test_a_network_full_of_kept_handsets_refuses_another_and_knows_no_others(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_module, "MAX_HANDSETS", 1)
    network.add_handset(PHONE)
    assert network.add_handset(PHONE, "Ada").name == "Ada"
    with pytest.raises(NetworkFullError):
        network.add_handset(OTHER)
    network.submit([text(to=OTHER)])
    pass_time(network)
    (receipt,) = receipts(network)
    assert (receipt.status, receipt.error_code) == (Status.UNDELIVERED, 30005)


def test_a_handset_keeps_its_latest_texts(network: Network) -> None:
    network.submit([text(f"SM{n}") for n in range(205)])
    handset = network.handset(PHONE)
    assert handset is not None
    assert [kept.sid for kept in handset.texts] == [f"SM{n}" for n in range(5, 205)]


@pytest.mark.parametrize(
    ("number", "code"),
    [("+15005550001", 30005), ("+15005550002", 30006), ("+15005550004", 30004), ("+15005550009", 30006)],
)
def test_magic_numbers_fail_as_what_they_stand_for(network: Network, number: str, code: int) -> None:
    (answer,) = network.submit([text(to=number)])
    pass_time(network)
    (receipt,) = receipts(network)
    assert (receipt.carrier_ref, receipt.status, receipt.error_code) == (answer.carrier_ref, Status.UNDELIVERED, code)
    assert network.handset(number) is None


@pytest.mark.parametrize("code", [30003, 30004, 30005, 30006, 30007, 30008])
def test_a_failing_handset_reports_the_code_and_shows_it(network: Network, code: int) -> None:
    network.faults.add(Fault(kind=FaultKind.FAIL, number=PHONE, code=code))
    network.submit([text("SM1"), text("SM2", OTHER)])
    pass_time(network)
    failed, fine = receipts(network)
    assert (failed.status, failed.error_code, failed.raw) == (Status.UNDELIVERED, code, f"stat:UNDELIV err:{code}")
    assert (fine.status, fine.error_code) == (Status.DELIVERED, None)
    handset = network.handset(PHONE)
    assert handset is not None
    assert [(kept.status, kept.error_code) for kept in handset.texts] == [(Status.UNDELIVERED, code)]


def test_a_refused_text_never_reaches_the_handset_and_may_be_tried_again(network: Network) -> None:
    network.faults.add(Fault(kind=FaultKind.REFUSE, code=30007, remaining=1))
    (refused,) = network.submit([text()])
    assert (refused.carrier_ref, refused.error_code, refused.retry_after_ms) == (None, 30007, None)
    assert network.handset(PHONE) is None
    (taken,) = network.submit([text()])
    assert taken.carrier_ref is not None


def test_a_throttled_text_is_to_come_back_later(network: Network) -> None:
    network.faults.add(Fault(kind=FaultKind.THROTTLE, delay_ms=700, remaining=1))
    (throttled,) = network.submit([text()])
    assert (throttled.carrier_ref, throttled.error_code, throttled.retry_after_ms) == (None, None, 700)
    assert network.submit([text()])[0].carrier_ref is not None


def test_a_platform_that_collects_nothing_is_throttled(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.simulator.mailbox.CAPACITY", 1)
    network.text_from(PHONE, SHOP, "C")
    (answer,) = network.submit([text()])
    assert (answer.carrier_ref, answer.retry_after_ms) == (None, 1_000)


def test_a_delayed_handset_gets_its_text_later(network: Network, clock: ManualClock) -> None:
    network.faults.add(Fault(kind=FaultKind.DELAY, number=PHONE, delay_ms=1_000))
    network.submit([text()])
    pass_time(network, 1_249)
    assert statuses(network) == [Status.SENDING]
    pass_time(network, 1)
    assert statuses(network) == [Status.DELIVERED]


def test_receipts_are_lost_late_or_doubled(network: Network) -> None:
    network.faults.add(Fault(kind=FaultKind.LOSE_RECEIPTS, number="+12025550101"))
    network.faults.add(Fault(kind=FaultKind.LATE_RECEIPTS, number="+12025550102", delay_ms=5_000))
    network.faults.add(Fault(kind=FaultKind.DUPLICATE_RECEIPTS, number="+12025550103"))
    lost, late, doubled = (
        answer.carrier_ref for answer in network.submit([text(f"SM{n}", f"+1202555010{n}") for n in (1, 2, 3)])
    )
    pass_time(network, 5_399)
    assert [receipt.carrier_ref for receipt in receipts(network)] == [doubled, doubled]
    pass_time(network, 1)
    assert [receipt.carrier_ref for receipt in receipts(network)] == [late]
    pass_time(network, 60_000)
    assert receipts(network) == []
    assert statuses(network, "+12025550101") == [Status.DELIVERED]
    assert lost


def test_reordered_receipts_of_one_window_come_out_backwards(network: Network, clock: ManualClock) -> None:
    network.faults.add(Fault(kind=FaultKind.REORDER_RECEIPTS, delay_ms=1_000))
    clock.advance(1_000 - clock.monotonic_ms() % 1_000)
    refs = [answer.carrier_ref for answer in network.submit([text("SM1"), text("SM2")])]
    clock.advance(100)
    refs += [answer.carrier_ref for answer in network.submit([text("SM3")])]
    pass_time(network, 1_399)
    assert receipts(network) == []
    pass_time(network, 1)
    assert [receipt.carrier_ref for receipt in receipts(network)] == [refs[2]]
    pass_time(network, 99)
    assert receipts(network) == []
    pass_time(network, 1)
    assert [receipt.carrier_ref for receipt in receipts(network)] == [refs[1], refs[0]]


def test_a_handset_texts_the_platform_and_sees_it_taken(network: Network, clock: ManualClock) -> None:
    sent = network.text_from(PHONE, SHOP, "C", ("https://example.com/cat.png",))
    handset = network.handset(PHONE)
    assert handset is not None
    assert list(handset.texts) == [sent]
    assert (sent.inbound, sent.status, sent.read, sent.peer) == (True, Status.SENDING, True, SHOP)
    (news,) = network.mailbox.take(10, clock.monotonic_ms())
    arrival = news.arrival
    assert arrival is not None
    assert (arrival.carrier_ref, arrival.sender, arrival.to, arrival.body) == (sent.id, PHONE, SHOP, "C")
    assert (arrival.at_ms, arrival.media_urls) == (clock.now_ms(), ("https://example.com/cat.png",))
    assert sent.status is Status.SENDING
    before = network.changes.version
    network.acknowledge([news.id])
    assert sent.status is Status.DELIVERED
    assert network.changes.since(before).texts == (sent,)
    network.acknowledge([news.id])
    assert len(network.mailbox) == 0


def test_marking_read_is_for_one_conversation_or_all(network: Network) -> None:
    network.submit([text("SM1"), text("SM2", sender="+12025550199"), text("SM3", body="bye")])
    assert network.mark_read(PHONE) == 0, "nothing has arrived yet"
    pass_time(network)
    assert network.mark_read(PHONE, SHOP) == 2
    assert network.mark_read(PHONE, SHOP) == 0
    assert network.mark_read(PHONE) == 1
    assert network.mark_read("+12025550100") == 0


def test_answering_marks_the_conversation_as_read(network: Network) -> None:
    network.submit([text("SM1"), text("SM2", sender="+12025550199")])
    pass_time(network)
    network.text_from(PHONE, SHOP, "C")
    handset = network.handset(PHONE)
    assert handset is not None
    assert {kept.peer: kept.read for kept in handset.texts if not kept.inbound} == {SHOP: True, "+12025550199": False}


def test_clearing_empties_a_handset_and_removing_takes_it_away(network: Network) -> None:
    network.submit([text()])
    assert network.clear_texts(PHONE)
    assert statuses(network) == []
    assert network.remove_handset(PHONE)
    assert network.handset(PHONE) is None
    assert not network.remove_handset(PHONE)
    assert not network.clear_texts(PHONE)
    pass_time(network)
    assert len(receipts(network)) == 1, "the platform still learns what became of its text"


def test_reset_forgets_all_but_the_refs(network: Network) -> None:
    network.faults.add(Fault(kind=FaultKind.FAIL))
    first = network.submit([text()])
    network.text_from(OTHER, SHOP, "C")
    network.reset()
    assert network._arrivals == {}
    assert network.handsets() == []
    assert list(network.faults) == []
    assert network.next_due_ms() is None
    assert len(network.mailbox) == 0
    assert network.submit([text()]) == first


def test_a_disconnected_network_does_not_answer(network: Network) -> None:
    assert network.answers()
    network.faults.add(Fault(kind=FaultKind.DISCONNECT, remaining=1))
    assert not network.answers()
    assert network.answers()


def test_nothing_it_keeps_shows_content_in_its_repr(network: Network) -> None:
    network.submit([text(body="secret")])
    handset = network.handset(PHONE)
    assert handset is not None
    fault = network.faults.add(Fault(kind=FaultKind.FAIL, number=PHONE))
    for shown in (repr(handset), repr(handset.texts[0]), repr(fault), repr(text(body="secret"))):
        assert "secret" not in shown
        assert PHONE not in shown


FAULTS = st.lists(
    st.builds(
        Fault,
        # Where repeats are taken, one text ends as often as it was submitted.
        kind=st.sampled_from(sorted({*FaultKind} - {FaultKind.DISCONNECT, FaultKind.TAKE_REPEATS})),
        number=st.sampled_from([None, PHONE]),
        delay_ms=st.integers(0, 3_000),
        probability=st.sampled_from([0.0, 0.5, 1.0]),
        remaining=st.sampled_from([None, 1, 3]),
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(faults=FAULTS, refs=st.lists(st.integers(0, 9), max_size=20), seed=st.integers(0, 3))
def test_whatever_goes_wrong_a_taken_text_ends_once_and_tells_the_truth(
    faults: list[Fault], refs: list[int], seed: int
) -> None:
    network = Network(ManualClock(), seed=seed)
    for fault in faults:
        network.faults.add(fault)
    taken = {}
    for ref in refs:
        (answer,) = network.submit([text(f"SM{ref}")])
        assert sum(x is not None for x in (answer.carrier_ref, answer.error_code, answer.retry_after_ms)) == 1
        if answer.carrier_ref is not None:
            assert taken.setdefault(answer.ref, answer.carrier_ref) == answer.carrier_ref
    pass_time(network, 60_000)
    assert network.next_due_ms() is None
    handset = network.handset(PHONE)
    kept = {text.id: text for text in handset.texts} if handset else {}
    assert sorted(kept) == sorted(taken.values())
    for receipt in receipts(network):
        assert (receipt.status, receipt.error_code) == (
            kept[receipt.carrier_ref].status,
            kept[receipt.carrier_ref].error_code,
        )
