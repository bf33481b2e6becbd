"""The four transactions of RFC 3261, section 17, with RFC 6026's Accepted state: who repeats what, and until when."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.message import Request, Response, parse_message, respond
from ringfence.carriers.sip.transaction import (
    LIFE_MS,
    T1_MS,
    T2_MS,
    T4_MS,
    TIMER_D_MS,
    Client,
    Effect,
    Ended,
    InviteClient,
    InviteServer,
    Pass,
    Send,
    Server,
    State,
    TimedOut,
    Transaction,
    acknowledge,
    cancel,
    client_key,
    server_key,
)


def request(
    method: str = "INVITE", *, branch: str = "z9hG4bKa", sequence: int = 7, route: str = "Route: <sip:p.example;lr>\r\n"
) -> Request:
    text = (
        f"{method} sip:bob@b.example SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}\r\nVia: SIP/2.0/UDP far.example\r\n{route}"
        f"To: <sip:bob@b.example>\r\nFrom: <sip:alice@a.example>;tag=88\r\nCall-ID: c1\r\nCSeq: {sequence} {method}\r\n"
        "Max-Forwards: 69\r\n\r\n"
    )
    message = parse_message(text.encode())
    assert isinstance(message, Request)
    return message


def words(effects: list[Effect]) -> list[str]:
    """Effects in short: `send INVITE`, `pass 200`, `timed out`, `ended`."""
    named = []
    for effect in effects:
        if isinstance(effect, Send | Pass):
            message = effect.message
            named.append(
                f"{type(effect).__name__.lower()} {message.method if isinstance(message, Request) else message.status}"
            )
        else:
            named.append({TimedOut: "timed out", Ended: "ended"}[type(effect)])
    return named


def answer(asked: Request, status: int) -> Response:
    return respond(asked, status, tag="77")


def run_until(transaction: Transaction, end_ms: float) -> list[tuple[float, str]]:
    """Let time pass; what happened, and when."""
    happened: list[tuple[float, str]] = []
    while transaction.due_ms is not None and transaction.due_ms <= end_ms:
        now_ms = transaction.due_ms
        happened += [(now_ms, word) for word in words(transaction.tick(now_ms))]
    return happened


def test_an_invite_over_udp_is_repeated_at_doubling_intervals_and_given_up() -> None:
    transaction = InviteClient(request(), reliable=False)
    assert words(transaction.start(0)) == ["send INVITE"]
    assert run_until(transaction, 1e9) == [
        *((time, "send INVITE") for time in (500, 1_500, 3_500, 7_500, 15_500, 31_500)),
        (LIFE_MS, "timed out"),
        (LIFE_MS, "ended"),
    ]
    assert transaction.state is State.TERMINATED


def test_over_a_stream_nothing_is_repeated() -> None:
    for transaction in (InviteClient(request(), reliable=True), Client(request("OPTIONS"), reliable=True)):
        transaction.start(0)
        assert run_until(transaction, 1e9) == [(LIFE_MS, "timed out"), (LIFE_MS, "ended")]


def test_a_provisional_answer_stops_the_repeats_and_the_clock() -> None:
    transaction = InviteClient(request(), reliable=False)
    transaction.start(0)
    assert words(transaction.receive(answer(transaction.request, 180), 100)) == ["pass 180"]
    assert transaction.due_ms is None
    assert words(transaction.receive(answer(transaction.request, 183), 100)) == ["pass 183"]


def test_every_repeated_200_is_passed_for_the_call_to_acknowledge() -> None:
    transaction = InviteClient(request(), reliable=False)
    transaction.start(0)
    ok = answer(transaction.request, 200)
    assert words(transaction.receive(ok, 100)) == ["pass 200"]
    assert words(transaction.receive(ok, 600)) == ["pass 200"]
    assert transaction.receive(answer(transaction.request, 486), 700) == []
    assert run_until(transaction, 1e9) == [(100 + LIFE_MS, "ended")]


def test_a_refusal_is_acknowledged_each_time_and_passed_once() -> None:
    transaction = InviteClient(request(), reliable=False)
    transaction.start(0)
    busy = answer(transaction.request, 486)
    assert words(transaction.receive(busy, 100)) == ["send ACK", "pass 486"]
    assert words(transaction.receive(busy, 600)) == ["send ACK"]
    assert transaction.receive(answer(transaction.request, 180), 600) == []
    assert run_until(transaction, 1e9) == [(100 + TIMER_D_MS, "ended")]


def test_a_refusal_over_a_stream_ends_at_once() -> None:
    transaction = InviteClient(request(), reliable=True)
    transaction.start(0)
    assert words(transaction.receive(answer(transaction.request, 486), 100)) == ["send ACK", "pass 486", "ended"]


def test_another_request_is_repeated_up_to_t2_and_given_up() -> None:
    transaction = Client(request("BYE"), reliable=False)
    assert words(transaction.start(0)) == ["send BYE"]
    happened = run_until(transaction, 1e9)
    times = [time for time, word in happened if word == "send BYE"]
    assert times[:4] == [500, 1_500, 3_500, 7_500]
    assert {later - earlier for earlier, later in pairwise(times[3:])} == {T2_MS}
    assert happened[-2:] == [(LIFE_MS, "timed out"), (LIFE_MS, "ended")]


def test_after_a_provisional_answer_it_is_repeated_every_t2() -> None:
    transaction = Client(request("BYE"), reliable=False)
    transaction.start(0)
    assert words(transaction.receive(answer(transaction.request, 100), 200)) == ["pass 100"]
    assert words(transaction.receive(answer(transaction.request, 100), 300)) == ["pass 100"]
    assert run_until(transaction, 9_000) == [(4_200, "send BYE"), (8_200, "send BYE")]


def test_the_final_answer_is_passed_once_and_its_repeats_absorbed() -> None:
    transaction = Client(request("BYE"), reliable=False)
    transaction.start(0)
    assert words(transaction.receive(answer(transaction.request, 200), 100)) == ["pass 200"]
    assert transaction.receive(answer(transaction.request, 200), 200) == []
    assert run_until(transaction, 1e9) == [(100 + T4_MS, "ended")]
    stream = Client(request("BYE"), reliable=True)
    stream.start(0)
    assert words(stream.receive(answer(stream.request, 404), 100)) == ["pass 404", "ended"]


def test_an_invite_that_comes_in_is_answered_100_and_its_repeats_get_the_last_answer() -> None:
    transaction = InviteServer(request(), reliable=False)
    assert words(transaction.start(0)) == ["send 100", "pass INVITE"]
    assert words(transaction.receive(transaction.request, 10)) == ["send 100"]
    assert words(transaction.respond(answer(transaction.request, 180), 20)) == ["send 180"]
    assert words(transaction.receive(transaction.request, 30)) == ["send 180"]
    assert transaction.receive(request("ACK"), 40) == []
    assert transaction.due_ms is None


def test_a_refusal_is_repeated_until_its_ack_and_then_absorbs_more() -> None:
    transaction = InviteServer(request(), reliable=False)
    transaction.start(0)
    assert words(transaction.respond(answer(transaction.request, 486), 100)) == ["send 486"]
    assert run_until(transaction, 8_000) == [(time, "send 486") for time in (600, 1_600, 3_600, 7_600)]
    assert words(transaction.receive(transaction.request, 8_000)) == ["send 486"]
    assert transaction.respond(answer(transaction.request, 200), 8_000) == []
    assert transaction.receive(request("ACK"), 8_100) == []
    assert transaction.state is State.CONFIRMED
    assert transaction.receive(transaction.request, 8_200) == []
    assert transaction.receive(request("ACK"), 8_200) == []
    assert run_until(transaction, 1e9) == [(8_100 + T4_MS, "ended")]


def test_a_refusal_that_nobody_acknowledges_times_out() -> None:
    transaction = InviteServer(request(), reliable=False)
    transaction.start(0)
    transaction.respond(answer(transaction.request, 486), 100)
    happened = run_until(transaction, 1e9)
    assert happened[-2:] == [(100 + LIFE_MS, "timed out"), (100 + LIFE_MS, "ended")]
    repeats = [time for time, word in happened if word == "send 486"]
    assert {later - earlier for earlier, later in pairwise(repeats[4:])} == {T2_MS}


def test_over_a_stream_a_refusal_waits_for_its_ack_alone() -> None:
    transaction = InviteServer(request(), reliable=True)
    transaction.start(0)
    transaction.respond(answer(transaction.request, 486), 100)
    assert transaction.due_ms == 100 + LIFE_MS
    assert words(transaction.receive(request("ACK"), 200)) == ["ended"]


def test_a_200_may_be_given_again_and_its_ack_reaches_the_call() -> None:
    transaction = InviteServer(request(), reliable=False)
    transaction.start(0)
    ok = answer(transaction.request, 200)
    assert words(transaction.respond(ok, 100)) == ["send 200"]
    assert words(transaction.respond(ok, 600)) == ["send 200"]
    assert transaction.respond(answer(transaction.request, 486), 600) == []
    assert transaction.receive(transaction.request, 700) == []
    assert words(transaction.receive(request("ACK"), 800)) == ["pass ACK"]
    assert run_until(transaction, 1e9) == [(100 + LIFE_MS, "ended")]


def test_any_other_request_is_passed_once_and_answered_as_often_as_it_is_repeated() -> None:
    transaction = Server(request("OPTIONS"), reliable=False)
    assert words(transaction.start(0)) == ["pass OPTIONS"]
    assert transaction.receive(transaction.request, 10) == []
    assert words(transaction.respond(answer(transaction.request, 100), 20)) == ["send 100"]
    assert words(transaction.respond(answer(transaction.request, 200), 30)) == ["send 200"]
    assert words(transaction.receive(transaction.request, 40)) == ["send 200"]
    assert transaction.respond(answer(transaction.request, 500), 50) == []
    assert run_until(transaction, 1e9) == [(30 + LIFE_MS, "ended")]
    assert transaction.receive(transaction.request, 1e9) == []
    stream = Server(request("OPTIONS"), reliable=True)
    stream.start(0)
    assert words(stream.respond(answer(stream.request, 200), 0)) == ["send 200", "ended"]


@pytest.mark.parametrize("kind", [InviteClient, Client, InviteServer, Server])
def test_a_transport_that_fails_ends_it_once(kind: type[InviteClient | Client | InviteServer | Server]) -> None:
    transaction = kind(request(), reliable=True)
    transaction.start(0)
    assert words(transaction.fail()) == ["timed out", "ended"]
    assert (transaction.state, transaction.due_ms) == (State.TERMINATED, None)
    assert transaction.fail() == []


@pytest.mark.parametrize(
    ("kind", "state"),
    [(InviteClient, "calling"), (Client, "trying"), (InviteServer, "proceeding"), (Server, "trying")],
)
def test_each_begins_in_its_own_state_and_shows_no_more_than_that(
    kind: type[InviteClient | Client | InviteServer | Server], state: str
) -> None:
    transaction = kind(request(), reliable=False)
    assert repr(transaction) == f"{kind.__name__}(INVITE, {state})"
    assert transaction.due_ms is None


def test_before_its_time_nothing_happens() -> None:
    for transaction in (InviteClient(request(), reliable=False), Client(request("BYE"), reliable=False)):
        transaction.start(1_000)
        assert transaction.due_ms == 1_500
        assert transaction.tick(1_499.9) == []
        assert transaction.due_ms == 1_500
        # Whoever comes late repeats once, and waits as long as ever from then on.
        assert len(transaction.tick(1_700)) == 1
        assert transaction.due_ms == 2_700
    over = InviteClient(request(), reliable=True)
    assert over.tick(1e9) == []
    over.start(1_000)
    assert over.tick(1_000 + LIFE_MS - 1) == []
    assert words(over.tick(1_000 + LIFE_MS)) == ["timed out", "ended"]


class TestAnswersToAnInvite:
    @pytest.mark.parametrize(
        ("status", "heard", "state"),
        [
            (100, ["pass 100"], State.PROCEEDING),
            (199, ["pass 199"], State.PROCEEDING),
            (200, ["pass 200"], State.ACCEPTED),
            (299, ["pass 299"], State.ACCEPTED),
            (300, ["send ACK", "pass 300"], State.COMPLETED),
            (699, ["send ACK", "pass 699"], State.COMPLETED),
        ],
    )
    def test_are_taken_by_their_class_from_the_first_and_after_a_provisional(
        self, status: int, heard: list[str], state: State
    ) -> None:
        for before in ([], [180]):
            transaction = InviteClient(request(), reliable=False)
            transaction.start(0)
            for earlier in before:
                transaction.receive(answer(transaction.request, earlier), 10)
            assert words(transaction.receive(answer(transaction.request, status), 20)) == heard
            assert transaction.state is state

    @pytest.mark.parametrize("status", [180, 199, 300, 486])
    def test_other_than_2xx_are_nobody_s_after_one(self, status: int) -> None:
        transaction = InviteClient(request(), reliable=False)
        transaction.start(0)
        transaction.receive(answer(transaction.request, 200), 10)
        assert transaction.receive(answer(transaction.request, status), 20) == []
        assert words(transaction.receive(answer(transaction.request, 299), 20)) == ["pass 299"]
        assert transaction.due_ms == 10 + LIFE_MS

    @pytest.mark.parametrize(
        ("status", "again"), [(180, []), (200, []), (299, []), (300, ["send ACK"]), (600, ["send ACK"])]
    )
    def test_after_a_refusal_are_acknowledged_where_they_are_refusals(self, status: int, again: list[str]) -> None:
        transaction = InviteClient(request(), reliable=False)
        transaction.start(0)
        transaction.receive(answer(transaction.request, 486), 10)
        assert words(transaction.receive(answer(transaction.request, status), 20)) == again
        assert transaction.due_ms == 10 + TIMER_D_MS

    def test_are_none_of_it_when_it_is_over(self) -> None:
        transaction = InviteClient(request(), reliable=True)
        transaction.start(0)
        transaction.receive(answer(transaction.request, 486), 10)
        for status in (180, 200, 486):
            assert transaction.receive(answer(transaction.request, status), 20) == []


class TestAnswersToAnotherRequest:
    @pytest.mark.parametrize(
        ("status", "state", "due_ms"),
        [(100, State.PROCEEDING, 20 + T2_MS), (199, State.PROCEEDING, 20 + T2_MS), (200, State.COMPLETED, 20 + T4_MS)],
    )
    def test_are_taken_by_their_class(self, status: int, state: State, due_ms: float) -> None:
        transaction = Client(request("BYE"), reliable=False)
        transaction.start(0)
        assert words(transaction.receive(answer(transaction.request, status), 20)) == [f"pass {status}"]
        assert (transaction.state, transaction.due_ms) == (state, due_ms)

    def test_that_are_provisional_over_a_stream_leave_its_clock_alone(self) -> None:
        transaction = Client(request("BYE"), reliable=True)
        transaction.start(0)
        transaction.receive(answer(transaction.request, 100), 20)
        assert transaction.due_ms == LIFE_MS
        assert words(transaction.tick(LIFE_MS)) == ["timed out", "ended"]

    def test_after_the_final_one_are_absorbed(self) -> None:
        transaction = Client(request("BYE"), reliable=False)
        transaction.start(0)
        transaction.receive(answer(transaction.request, 100), 10)
        assert words(transaction.receive(answer(transaction.request, 200), 20)) == ["pass 200"]
        for status in (100, 200, 500):
            assert transaction.receive(answer(transaction.request, status), 30) == []
        assert run_until(transaction, 1e9) == [(20 + T4_MS, "ended")]


class TestOurAnswersToAnInvite:
    @pytest.mark.parametrize(
        ("status", "state", "due_ms"),
        [
            (101, State.PROCEEDING, None),
            (199, State.PROCEEDING, None),
            (200, State.ACCEPTED, 10 + LIFE_MS),
            (299, State.ACCEPTED, 10 + LIFE_MS),
            (300, State.COMPLETED, 10 + T1_MS),
            (699, State.COMPLETED, 10 + T1_MS),
        ],
    )
    def test_are_sent_and_kept_by_their_class(self, status: int, state: State, due_ms: float | None) -> None:
        transaction = InviteServer(request(), reliable=False)
        transaction.start(0)
        assert words(transaction.respond(answer(transaction.request, status), 10)) == [f"send {status}"]
        assert (transaction.state, transaction.due_ms) == (state, due_ms)

    @pytest.mark.parametrize("status", [180, 199, 300, 486])
    def test_after_a_2xx_are_2xx_alone(self, status: int) -> None:
        transaction = InviteServer(request(), reliable=False)
        transaction.start(0)
        transaction.respond(answer(transaction.request, 200), 10)
        assert transaction.respond(answer(transaction.request, status), 20) == []
        assert words(transaction.respond(answer(transaction.request, 299), 20)) == ["send 299"]

    def test_are_none_once_it_was_acknowledged_or_is_over(self) -> None:
        for reliable in (False, True):
            transaction = InviteServer(request(), reliable=reliable)
            transaction.start(0)
            transaction.respond(answer(transaction.request, 486), 10)
            transaction.receive(request("ACK"), 20)
            for status in (180, 200, 486):
                assert transaction.respond(answer(transaction.request, status), 30) == []
            assert transaction.receive(transaction.request, 40) == []

    def test_end_quietly_where_a_2xx_is_acknowledged_or_not(self) -> None:
        transaction = InviteServer(request(), reliable=True)
        transaction.start(0)
        transaction.respond(answer(transaction.request, 200), 10)
        assert words(transaction.receive(request("ACK"), 20)) == ["pass ACK"]
        assert words(transaction.tick(10 + LIFE_MS)) == ["ended"]

    def test_that_are_refusals_are_repeated_as_they_were(self) -> None:
        transaction = InviteServer(request(), reliable=False)
        transaction.start(0)
        refusal = answer(transaction.request, 486)
        transaction.respond(refusal, 0)
        (effect,) = transaction.tick(T1_MS)
        assert isinstance(effect, Send)
        assert effect.message is refusal


def test_our_answers_to_another_request_end_it_at_the_first_final_one() -> None:
    for status, state in ((100, State.PROCEEDING), (199, State.PROCEEDING), (200, State.COMPLETED)):
        transaction = Server(request("OPTIONS"), reliable=False)
        transaction.start(0)
        for earlier in (180, status):
            assert words(transaction.respond(answer(transaction.request, earlier), 10)) == [f"send {earlier}"]
        assert transaction.state is state
        assert transaction.due_ms == (10 + LIFE_MS if status == 200 else None)
    assert words(transaction.tick(10 + LIFE_MS)) == ["ended"]


def test_who_answers_a_request_late_or_never_is_told_nothing() -> None:
    """Whoever asked gives up by itself (section 17.2.2)."""
    transaction = Server(request("OPTIONS"), reliable=False)
    transaction.start(0)
    assert transaction.due_ms is None
    assert transaction.tick(1e9) == []
    stream = Server(request("OPTIONS"), reliable=True)
    stream.respond(answer(stream.request, 200), 0)
    assert stream.receive(stream.request, 1) == []
    assert stream.respond(answer(stream.request, 200), 1) == []


@given(
    st.lists(st.tuples(st.sampled_from(["tick", "180", "200", "486"]), st.floats(0, 9_000)), max_size=30), st.booleans()
)
def test_whatever_comes_an_invite_ends_once_and_is_quiet_then(course: list[tuple[str, float]], reliable: bool) -> None:
    transaction = InviteClient(request(), reliable=reliable)
    effects = transaction.start(0)
    now_ms = 0.0
    for event, pause_ms in course:
        now_ms += pause_ms
        over = transaction.state is State.TERMINATED
        came = (
            transaction.tick(now_ms)
            if event == "tick"
            else transaction.receive(answer(transaction.request, int(event)), now_ms)
        )
        assert not (over and came)
        effects += came
    assert words(effects).count("ended") == (transaction.state is State.TERMINATED)
    assert (transaction.due_ms is None) == (transaction.state in {State.TERMINATED, State.PROCEEDING})


def test_an_ack_takes_the_same_road_and_names_the_answers_tag() -> None:
    invite = request()
    ack = acknowledge(invite, answer(invite, 486))
    assert ack.headers.get_all("via") == ["SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa"]
    assert (ack.cseq, ack.to.tag, ack.from_.tag, ack.call_id) == ((7, "ACK"), "77", "88", "c1")
    assert (str(ack.uri), ack.headers.get("route")) == ("sip:bob@b.example", "<sip:p.example;lr>")
    parse_message(bytes(ack))


def test_a_cancel_takes_the_same_road_under_its_own_method() -> None:
    stop = cancel(request())
    assert (stop.method, stop.cseq, stop.to.tag, stop.via.branch) == ("CANCEL", (7, "CANCEL"), None, "z9hG4bKa")
    parse_message(bytes(stop))
    assert server_key(stop) != server_key(request())
    assert server_key(stop, method="INVITE") == server_key(request())


def test_ack_and_cancel_have_every_hop_of_the_invite_in_its_order() -> None:
    invite = request(route="Route: <sip:p.example;lr>, <sip:q.example;lr>\r\nRoute: <sip:r.example>\r\n")
    for made in (acknowledge(invite, answer(invite, 486)), cancel(invite)):
        assert [str(route) for route in made.addresses("route")] == [
            "<sip:p.example;lr>",
            "<sip:q.example;lr>",
            "<sip:r.example>",
        ]
        assert made.headers.get("max-forwards") == "70"
        assert (str(made.from_), made.call_id, str(made.uri)) == (
            "<sip:alice@a.example>;tag=88",
            "c1",
            "sip:bob@b.example",
        )
        assert made.body == b""
    assert str(cancel(invite).to) == "<sip:bob@b.example>"


def test_a_response_finds_its_request_by_branch_and_method() -> None:
    assert client_key(answer(request("BYE"), 200)) == client_key(request("BYE")) == ("z9hG4bKa", "BYE")


@pytest.mark.parametrize("branch", ["z9hG4bKa", "old", "z9hG4bK"])
def test_an_ack_finds_its_invite_with_and_without_a_branch(branch: str) -> None:
    invite, ack = request(branch=branch), request("ACK", branch=branch)
    assert server_key(ack) == server_key(invite)
    assert server_key(request("BYE", branch=branch)) != server_key(invite)
    assert server_key(request(branch=branch + "x")) != server_key(invite)


def test_under_one_branch_the_sender_s_place_tells_requests_apart() -> None:
    """Two senders may choose the same branch (section 17.2.3)."""
    keys = set()
    for via in ("192.0.2.1:5060", "192.0.2.1:5061", "192.0.2.1", "192.0.2.2:5060"):
        asked = request()
        asked.headers.replace("via", f"SIP/2.0/UDP {via};branch=z9hG4bKa")
        keys.add(server_key(asked))
    assert len(keys) == 4
    assert server_key(request(sequence=8)) == server_key(request())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cseq", "8 INVITE"),
        ("call-id", "c2"),
        ("from", "<sip:alice@a.example>;tag=89"),
        ("from", "<sip:alice@a.example>"),
        ("via", "SIP/2.0/UDP 192.0.2.2:5060;branch=old"),
    ],
)
def test_without_a_branch_all_that_names_a_request_tells_it_apart(name: str, value: str) -> None:
    other = request(branch="old")
    other.headers.replace(name, value)
    assert server_key(other) != server_key(request(branch="old"))
    ack = request("ACK", branch="old")
    ack.headers.replace(name, value.replace("INVITE", "ACK"))
    assert server_key(ack) == server_key(other)


def test_a_response_without_a_branch_has_none() -> None:
    asked = request("BYE")
    asked.headers.replace("via", "SIP/2.0/UDP 192.0.2.1")
    assert client_key(answer(asked, 200)) == ("", "BYE")


def test_t1_is_half_a_second() -> None:
    assert (T1_MS, T2_MS, T4_MS, LIFE_MS) == (500, 4_000, 5_000, 32_000)
