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


def test_a_transport_that_fails_ends_it_once() -> None:
    transaction = InviteClient(request(), reliable=True)
    transaction.start(0)
    assert words(transaction.fail()) == ["timed out", "ended"]
    assert transaction.fail() == []


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


def test_a_response_finds_its_request_by_branch_and_method() -> None:
    assert client_key(answer(request("BYE"), 200)) == client_key(request("BYE")) == ("z9hG4bKa", "BYE")


@pytest.mark.parametrize("branch", ["z9hG4bKa", "old", "z9hG4bK"])
def test_an_ack_finds_its_invite_with_and_without_a_branch(branch: str) -> None:
    invite, ack = request(branch=branch), request("ACK", branch=branch)
    assert server_key(ack) == server_key(invite)
    assert server_key(request("BYE", branch=branch)) != server_key(invite)
    assert server_key(request(branch=branch + "x")) != server_key(invite)


def test_without_a_branch_the_sequence_number_tells_requests_apart() -> None:
    assert server_key(request(branch="old")) != server_key(request(branch="old", sequence=8))


def test_t1_is_half_a_second() -> None:
    assert (T1_MS, T2_MS, T4_MS, LIFE_MS) == (500, 4_000, 5_000, 32_000)
