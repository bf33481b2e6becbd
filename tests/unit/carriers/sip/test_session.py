"""Calls between two endpoints on loopback, and against a peer that behaves badly on purpose."""

import asyncio
from typing import Any

import pytest
from tests.unit.carriers.sip.wire import (
    ANSWER,
    HELD,
    HOST,
    OFFER,
    Peer,
    Phone,
    answers,
    closed,
    eventually,
    finals,
    invite,
    peer,
    run,
)

from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.caller import OutgoingCall
from ringfence.carriers.sip.digest import Challenge, hashed_secret, parse_answer, verify_answer
from ringfence.carriers.sip.login import Login
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.session import State


async def talking(takes: bytes = ANSWER) -> tuple[Phone, Phone, OutgoingCall, IncomingCall]:
    caller, callee = await Phone(takes=takes).open(), await Phone(answers, takes=takes).open()
    call = caller.dial(callee.port)
    await eventually(lambda: bool(callee.calls) and callee.calls[0].state is State.TALKING)
    caller.heard.told.clear()
    callee.heard.told.clear()
    return caller, callee, call, callee.calls[0]


def test_a_call_rings_is_answered_and_hung_up_by_its_caller() -> None:
    async def story() -> None:
        caller, callee = await Phone().open(), await Phone(answers).open()
        call = caller.dial(callee.port)
        await eventually(lambda: call.state is State.TALKING and callee.calls[0].state is State.TALKING)
        assert callee.calls[0].offer == OFFER
        assert caller.heard.told == [("ringing", 180, b""), ("answered", ANSWER)]
        assert callee.heard.told == [("answered", b"")]
        call.hang_up()
        call.hang_up()
        await eventually(lambda: callee.calls[0].state is State.ENDED)
        assert caller.heard.told[-1] == ("ended", 200)
        assert callee.heard.told[-1] == ("ended", 200)
        await closed(caller, callee)

    run(story)


def test_the_callee_hangs_up() -> None:
    async def story() -> None:
        caller, callee, call, taken = await talking()
        taken.hang_up()
        await eventually(lambda: call.state is State.ENDED)
        assert (caller.heard.told, callee.heard.told) == ([("ended", 200)], [("ended", 200)])
        await closed(caller, callee)

    run(story)


def test_early_media_comes_with_the_ringing() -> None:
    async def story() -> None:
        caller = await Phone().open()
        callee = await Phone(lambda call: call.ring(ANSWER, status=183)).open()
        caller.dial(callee.port)
        await eventually(lambda: caller.heard.told == [("ringing", 183, ANSWER)])
        await closed(caller, callee)

    run(story)


@pytest.mark.parametrize("status", [486, 404, 603])
def test_a_refusal_ends_both_ends_with_its_status(status: int) -> None:
    async def story() -> None:
        caller, callee = await Phone().open(), await Phone(lambda call: call.refuse(status)).open()
        call = caller.dial(callee.port)
        await eventually(lambda: call.state is State.ENDED)
        assert caller.heard.told == callee.heard.told == [("ended", status)]
        await closed(caller, callee)

    run(story)


def test_a_call_is_called_back_while_it_rings() -> None:
    async def story() -> None:
        caller, callee = await Phone().open(), await Phone(lambda call: call.ring()).open()
        call = caller.dial(callee.port)
        await eventually(lambda: call.state is State.RINGING)
        call.hang_up()
        await eventually(lambda: call.state is State.ENDED)
        assert caller.heard.told[-1] == callee.heard.told[-1] == ("ended", 487)
        callee.calls[0].answer(ANSWER)
        assert callee.calls[0].state is State.ENDED
        await closed(caller, callee)

    run(story)


def test_hanging_up_on_a_call_that_only_rings_declines_it() -> None:
    async def story() -> None:
        caller, callee = await Phone().open(), await Phone(lambda call: call.hang_up()).open()
        caller.dial(callee.port)
        await eventually(lambda: ("ended", 603) in caller.heard.told)
        await closed(caller, callee)

    run(story)


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_either_end_changes_the_session(who: str) -> None:
    async def story() -> None:
        caller, callee, call, taken = await talking()
        changing, other = (call, callee) if who == "caller" else (taken, caller)
        mine = caller if who == "caller" else callee
        assert changing.change(HELD)
        assert not changing.change(HELD), "one change at a time"
        await eventually(lambda: ("answered", ANSWER) in mine.heard.told)
        assert other.heard.told == [("offered", HELD)]
        assert changing.change(HELD), "and then the next"
        await closed(caller, callee)

    run(story)


def test_a_change_that_is_refused_leaves_the_call_as_it_was() -> None:
    async def story() -> None:
        caller, callee, call, taken = await talking(takes=b"")
        call.change(HELD)
        await eventually(lambda: call.change(HELD))
        assert (call.state, taken.state) == (State.TALKING, State.TALKING)
        assert ("answered", ANSWER) not in caller.heard.told
        await closed(caller, callee)

    run(story)


def send_inside(call: OutgoingCall, method: str, *headers: tuple[str, str], body: bytes = b"") -> list[int]:
    assert call.dialog is not None
    request = call.dialog.request(method)
    for name, value in headers:
        request.headers.add(name, value)
    if body:
        request.set_body(body, "application/dtmf-relay")
    statuses: list[int] = []
    call._endpoint.request(request, call._flow, lambda one: statuses.append(one.status if one else 0))
    return statuses


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("OPTIONS", [], 200),
        ("INFO", [], 200),
        ("NOTIFY", [("Event", "refer")], 200),
        ("REFER", [("Refer-To", "<sip:carol@c.example>")], 202),
        ("REFER", [("Refer-To", "< sip:carol>")], 400),
        ("REFER", [], 400),
        ("PRACK", [("RAck", "1 1 INVITE")], 481),
        ("SING", [], 405),
    ],
)
def test_requests_inside_a_call_are_answered(method: str, headers: list[tuple[str, str]], status: int) -> None:
    async def story() -> None:
        caller, callee, call, _ = await talking()
        statuses = send_inside(call, method, *headers, body=b"Signal=5" if method == "INFO" else b"")
        await eventually(lambda: statuses == [status])
        expected = {"INFO": [("pressed", "application/dtmf-relay", b"Signal=5")]}
        if method == "REFER" and status == 202:
            expected["REFER"] = [("referred", "sip:carol@c.example")]
        assert callee.heard.told == expected.get(method, [])
        await closed(caller, callee)

    run(story)


def test_a_transfer_that_is_not_wanted_is_declined() -> None:
    async def story() -> None:
        caller, callee, call, _ = await talking(takes=b"")
        statuses = send_inside(call, "REFER", ("Refer-To", "<sip:carol@c.example>"))
        await eventually(lambda: statuses == [603])
        await closed(caller, callee)

    run(story)


def test_an_older_request_is_out_of_order_and_one_after_the_end_finds_no_call() -> None:
    async def story() -> None:
        caller, callee, call, taken = await talking()
        assert call.dialog is not None
        call.dialog.local_sequence = 0
        statuses = send_inside(call, "INFO")
        await eventually(lambda: statuses == [500])
        taken.state = State.ENDED
        call.dialog.local_sequence = 50
        late = send_inside(call, "INFO")
        await eventually(lambda: late == [481])
        await closed(caller, callee)

    run(story)


@pytest.mark.parametrize(
    ("status", "asked", "answered"),
    [(401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")],
)
def test_a_challenge_is_answered_with_the_strongest_it_offers(status: int, asked: str, answered: str) -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if not isinstance(message, Request) or message.method != "INVITE":
                return
            given = message.headers.get(answered)
            if given is None:
                challenges = [
                    (asked, str(Challenge(realm="r", nonce="n", algorithm=name))) for name in ("MD5", "SHA-256")
                ]
                self.say(message, status, place, *challenges)
                return
            answer = parse_answer(given)
            assert answer is not None
            secret = hashed_secret("SHA-256", "us", "r", "pw")
            self.say(message, 200 if verify_answer(answer, method="INVITE", secret=secret) else 403, place)

        phone, other = await Phone().open(), await peer(play)
        call = phone.dial(other.port, login=Login("us", "pw"))
        await eventually(lambda: call.state is State.TALKING)
        assert [one.cseq[0] for one in other.heard if isinstance(one, Request) and one.method == "INVITE"] == [1, 2]
        await closed(phone)

    run(story)


@pytest.mark.parametrize("login", [None, Login("us", "wrong")])
def test_without_the_right_password_it_is_not_tried_for_ever(login: Login | None) -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                self.say(message, 401, place, ("WWW-Authenticate", str(Challenge(realm="r", nonce="n"))))

        phone, other = await Phone().open(), await peer(play)
        call = phone.dial(other.port, login=login)
        await eventually(lambda: call.state is State.ENDED)
        assert phone.heard.told == [("ended", 401)]
        assert other.methods().count("INVITE") == (1 if login is None else 2)
        await closed(phone)

    run(story)


def test_a_provisional_answer_that_must_arrive_is_acknowledged_once_and_in_order() -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                for number in ("5", "5", "7", "6"):
                    self.say(message, 183, place, ("Require", "100rel"), ("RSeq", number))
                self.say(message, 183, place, ("Require", "100rel"))

        phone, other = await Phone().open(), await peer(play)
        phone.dial(other.port)
        await eventually(lambda: len(other.methods()) >= 3)
        pracks = [one for one in other.heard if isinstance(one, Request) and one.method == "PRACK"]
        assert [one.headers.get("rack") for one in pracks] == ["5 1 INVITE", "6 1 INVITE"]
        assert [one.cseq[0] for one in pracks] == [2, 3]
        assert phone.heard.told == [("ringing", 183, ANSWER)] * 2
        await closed(phone)

    run(story)


def test_a_repeated_200_is_acknowledged_again_and_a_second_branch_hung_up_on() -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                self.say(message, 200, place)
                self.say(message, 200, place)
                self.say(message, 200, place, tag="88")

        phone, other = await Phone().open(), await peer(play)
        call = phone.dial(other.port)
        await eventually(lambda: "BYE" in other.methods())
        acks = [one.to.tag for one in other.heard if isinstance(one, Request) and one.method == "ACK"]
        byes = [one.to.tag for one in other.heard if isinstance(one, Request) and one.method == "BYE"]
        assert (sorted(filter(None, acks)), byes) == (["77", "77", "88"], ["88"])
        assert call.state is State.TALKING
        await closed(phone)

    run(story)


def test_an_answer_that_crosses_the_cancel_is_hung_up_on() -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                self.say(message, 180, place)
            elif isinstance(message, Request) and message.method == "CANCEL":
                invite = self.heard[0]
                assert isinstance(invite, Request)
                self.say(invite, 200, place)

        phone, other = await Phone().open(), await peer(play)
        call = phone.dial(other.port)
        await eventually(lambda: call.state is State.RINGING)
        call.hang_up()
        await eventually(lambda: "BYE" in other.methods())
        assert "ACK" in other.methods()
        assert phone.heard.told[-1] == ("ended", 200)
        await closed(phone)

    run(story)


def test_a_longer_session_interval_is_taken_on() -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                long_enough = message.headers.get("session-expires") == "3600"
                self.say(message, 200 if long_enough else 422, place, ("Min-SE", "3600"))

        phone, other = await Phone().open(), await peer(play)
        call = phone.dial(other.port)
        await eventually(lambda: call.state is State.TALKING)
        await closed(phone)

    run(story)


def test_an_answer_without_a_contact_makes_no_call() -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                self.socket.sendto(bytes(respond(message, 200, tag="77")), place)

        phone, other = await Phone().open(), await peer(play)
        phone.dial(other.port)
        await eventually(lambda: phone.heard.told == [("ended", 500)])
        await closed(phone)

    run(story)


def test_an_answer_is_repeated_until_it_is_acknowledged() -> None:
    async def story() -> None:
        phone, other = await Phone(answers).open(), await peer(lambda self, message, place: None)
        other.socket.sendto(invite(phone.port, body=OFFER), (HOST, phone.port))
        await eventually(lambda: len(finals(other)) >= 2)
        assert phone.calls[0].state is State.ANSWERED
        tag = finals(other)[0].to.tag
        ack = invite(phone.port).replace(b"INVITE", b"ACK").replace(b"z9hG4bKpeer", b"z9hG4bKack")
        ack = ack.replace(f"To: <sip:me@{HOST}>".encode(), f"To: <sip:me@{HOST}>;tag={tag}".encode())
        other.socket.sendto(ack, (HOST, phone.port))
        await eventually(lambda: phone.calls[0].state is State.TALKING)
        count = len(finals(other))
        await asyncio.sleep(0.7)
        assert len(finals(other)) == count
        await closed(phone)

    run(story)


def test_an_answer_that_nobody_acknowledges_ends_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.sip.callee.LIFE_MS", 300)
    monkeypatch.setattr("ringfence.carriers.sip.callee.T1_MS", 100)

    async def story() -> None:
        phone, other = await Phone(answers).open(), await peer(lambda self, message, place: None)
        other.socket.sendto(invite(phone.port, body=OFFER), (HOST, phone.port))
        await eventually(lambda: phone.heard.told == [("ended", 408)])
        await closed(phone)

    run(story)


@pytest.mark.parametrize(("alive", "told"), [(True, []), (False, [("ended", 408)])])
def test_a_peer_is_asked_whether_it_still_lives(alive: bool, told: list[Any]) -> None:
    async def story() -> None:
        caller, callee, call, taken = await talking()
        taken._timer.stop()
        if not alive:
            await callee.endpoint.close()
        call._timer.start(1, refreshing=alive)
        if alive:
            await asyncio.sleep(0.8)
            assert taken._timer.interval_s == 1, "the refresh says how long it holds"
        else:
            await eventually(lambda: caller.heard.told == told)
        assert caller.heard.told == told
        await closed(caller, callee)

    run(story)


def test_no_repr_shows_who_calls_whom() -> None:
    async def story() -> None:
        caller, callee, call, taken = await talking()
        assert (repr(call), repr(taken)) == ("OutgoingCall(talking)", "IncomingCall(talking)")
        assert repr(caller.switchboard) == "Switchboard(1 calls)"
        assert repr(Login("us", "pw")) == "Login(…)"
        await closed(caller, callee)

    run(story)
