"""A dialog, seen from both ends: targets, routes, sequence numbers (RFC 3261, section 12)."""

from collections.abc import Callable

import pytest

from ringfence.carriers.sip.dialog import Dialog, OutOfOrderError, dialog_id
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.message import MAX_CSEQ, Request, Response, parse_message, respond

ROUTES = ("<sip:p1.example;lr>", "<sip:p2.example;lr>")


def invite(
    *,
    uri: str = "sip:bob@b.example",
    contact: str = "<sip:alice@192.0.2.1>",
    routes: tuple[str, ...] = ROUTES,
    tag: str = ";tag=88",
) -> Request:
    lines = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa",
        *(f"Record-Route: {route}" for route in routes),
        "To: <sip:bob@b.example>",
        f"From: <sip:alice@a.example>{tag}",
        "Call-ID: c1",
        "CSeq: 7 INVITE",
        *([f"Contact: {contact}"] if contact else []),
    ]
    message = parse_message(("\r\n".join(lines) + "\r\n\r\n").encode())
    assert isinstance(message, Request)
    return message


def answer(request: Request, status: int = 200, contact: str = "<sip:bob@192.0.2.9>") -> Response:
    response = respond(request, status, tag="99")
    if contact:
        response.headers.add("contact", contact)
    return response


def both(status: int = 200) -> tuple[Dialog, Dialog]:
    request = invite()
    return Dialog.called(request, answer(request, status)), Dialog.answered(request, answer(request, status))


def test_each_end_knows_itself_the_other_and_the_road_between() -> None:
    caller, callee = both()
    assert (caller.id, callee.id) == (("c1", "88", "99"), ("c1", "99", "88"))
    assert (str(caller.remote_target), str(callee.remote_target)) == ("sip:bob@192.0.2.9", "sip:alice@192.0.2.1")
    assert [str(route) for route in caller.routes] == [ROUTES[1], ROUTES[0]]
    assert [str(route) for route in callee.routes] == list(ROUTES)
    assert (caller.confirmed, callee.confirmed, caller.secure) == (True, True, False)


@pytest.mark.parametrize("make", [Dialog.called, Dialog.answered])
@pytest.mark.parametrize(
    ("uri", "secure"), [("sip:bob@b.example", False), ("sips:bob@b.example", True), ("tel:+12025550123", False)]
)
def test_a_dialog_is_secure_where_its_invite_was(make: Callable[..., Dialog], uri: str, secure: bool) -> None:
    request = invite(uri=uri)
    assert make(request, answer(request)).secure is secure


@pytest.mark.parametrize("make", [Dialog.called, Dialog.answered])
@pytest.mark.parametrize(("status", "confirmed"), [(101, False), (183, False), (199, False), (200, True), (299, True)])
def test_a_dialog_is_early_until_a_2xx(make: Callable[..., Dialog], status: int, confirmed: bool) -> None:
    request = invite()
    assert make(request, answer(request, status)).confirmed is confirmed


def test_each_end_counts_from_its_own_first_number() -> None:
    caller, callee = both()
    assert (caller.local_sequence, caller.remote_sequence) == (7, None)
    assert (callee.local_sequence, callee.remote_sequence) == (0, 7)
    with pytest.raises(OutOfOrderError):
        callee.take(invite())
    first = callee.request("INFO")
    caller.take(first)
    with pytest.raises(OutOfOrderError):
        caller.take(first)


def test_an_ack_and_a_cancel_come_under_a_number_that_was_taken_and_take_none() -> None:
    caller, callee = both()
    for method in ("ACK", "CANCEL"):
        later = caller.ack(30)
        later.method = method
        later.headers.replace("cseq", f"30 {method}")
        callee.take(later)
        earlier = caller.ack(7)
        earlier.method = method
        callee.take(earlier)
    callee.take(caller.request("BYE"))


def test_an_end_without_a_tag_is_found_too() -> None:
    """RFC 2543 had none (section 12.1.1)."""
    request = invite(tag="")
    callee = Dialog.answered(request, answer(request))
    assert callee.id == ("c1", "99", "")
    again = invite(tag="")
    again.headers.replace("to", "<sip:bob@b.example>;tag=99")
    assert dialog_id(again, local="to") == callee.id
    early = respond(request, 100)
    assert dialog_id(early, local="to") == dialog_id(early, local="from") == ("c1", "", "")
    early.headers.add("contact", "<sip:bob@192.0.2.9>")
    assert Dialog.called(request, early).id == ("c1", "", "")


def test_requests_cross_and_find_the_dialog_of_the_other_end() -> None:
    caller, callee = both()
    bye = caller.request("BYE")
    assert (bye.cseq, str(bye.uri), bye.headers.get_all("route")) == (
        (8, "BYE"),
        "sip:bob@192.0.2.9",
        [ROUTES[1], ROUTES[0]],
    )
    assert dialog_id(bye, local="to") == callee.id
    assert dialog_id(respond(bye, 200), local="from") == caller.id
    callee.take(bye)
    back = callee.request("INFO")
    assert (back.cseq, dialog_id(back, local="to")) == ((1, "INFO"), caller.id)
    caller.take(back)


def test_an_ack_keeps_the_invites_number() -> None:
    caller, callee = both()
    again = caller.request("INVITE")
    assert caller.ack(again.cseq[0]).cseq == (8, "ACK")
    assert caller.request("BYE").cseq == (9, "BYE")
    callee.take(again)
    callee.take(caller.ack(8))


def test_what_is_older_than_what_was_taken_is_out_of_order() -> None:
    caller, callee = both()
    first, second = caller.request("INFO"), caller.request("INFO")
    callee.take(second)
    for late in (first, second):
        with pytest.raises(OutOfOrderError):
            callee.take(late)


def test_a_contact_moves_the_target_where_the_method_says_so() -> None:
    caller, callee = both()
    for method, moves in (
        *((method, True) for method in ("UPDATE", "SUBSCRIBE", "NOTIFY", "REFER", "INVITE")),
        *((method, False) for method in ("INFO", "BYE", "OPTIONS", "MESSAGE")),
    ):
        request = caller.request(method)
        request.headers.add("contact", f"<sip:{method}@192.0.2.77>")
        callee.take(request)
        assert (str(callee.remote_target) == f"sip:{method}@192.0.2.77") is moves
    callee.take(caller.request("UPDATE"))
    assert str(callee.remote_target) == "sip:INVITE@192.0.2.77", "without a Contact it stays"


def test_an_early_dialog_is_confirmed_by_a_2xx_and_takes_its_routes() -> None:
    caller, _ = both(180)
    assert not caller.confirmed
    request = invite(routes=("<sip:other.example;lr>",))
    caller.confirm(answer(request, contact="<sip:bob@192.0.2.10>"))
    assert (caller.confirmed, [str(route) for route in caller.routes]) == (True, ["<sip:other.example;lr>"])
    assert str(caller.remote_target) == "sip:bob@192.0.2.10"


def test_a_strict_router_takes_the_place_of_the_target() -> None:
    request = invite(routes=("<sip:strict.example?x=y>", "<sip:p2.example;lr>"))
    callee = Dialog.answered(request, answer(request))
    bye = callee.request("BYE")
    assert str(bye.uri) == "sip:strict.example"
    assert bye.headers.get_all("route") == ["<sip:p2.example;lr>", "<sip:alice@192.0.2.1>"]


def test_a_first_hop_that_is_no_sip_uri_is_left_where_it_is() -> None:
    request = invite(routes=("<tel:+12025550100>", "<sip:p2.example;lr>"))
    bye = Dialog.answered(request, answer(request)).request("BYE")
    assert (str(bye.uri), bye.headers.get_all("route")) == (
        "sip:alice@192.0.2.1",
        ["<tel:+12025550100>", "<sip:p2.example;lr>"],
    )


def test_a_request_says_from_whom_to_whom_and_under_which_number() -> None:
    caller, _ = both()
    bye = caller.request("BYE")
    assert [name for name, _ in bye.headers] == ["route", "route", "max-forwards", "from", "to", "call-id", "cseq"]
    assert (str(bye.from_), str(bye.to)) == ("<sip:alice@a.example>;tag=88", "<sip:bob@b.example>;tag=99")
    assert (bye.call_id, bye.headers.get("cseq"), bye.max_forwards) == ("c1", "8 BYE", 70)


def test_an_answer_without_a_contact_confirms_and_leaves_the_target() -> None:
    caller, _ = both(180)
    caller.confirm(answer(invite(), contact=""))
    assert (caller.confirmed, str(caller.remote_target)) == (True, "sip:bob@192.0.2.9")


def test_without_a_contact_there_is_no_dialog() -> None:
    request = invite(contact="")
    with pytest.raises(MalformedError, match=r"^a request that makes a dialog without a Contact$"):
        Dialog.answered(request, answer(request))
    with pytest.raises(MalformedError, match=r"^a response that makes a dialog without a Contact$"):
        Dialog.called(request, answer(request, contact=""))


def test_a_request_without_routes_goes_to_the_target() -> None:
    request = invite(routes=())
    caller = Dialog.called(request, answer(request))
    assert "route" not in caller.request("BYE").headers
    assert Headers(caller.request("BYE").headers).get("max-forwards") == "70"


def test_sequence_numbers_end() -> None:
    caller, _ = both()
    caller.local_sequence = MAX_CSEQ - 1
    assert caller.request("BYE").cseq == (MAX_CSEQ, "BYE")
    with pytest.raises(MalformedError, match=r"^no sequence number left$"):
        caller.request("BYE")
    assert caller.local_sequence == MAX_CSEQ


def test_no_repr_shows_who_calls_whom() -> None:
    assert [repr(end) for end in (*both(), both(180)[0])] == ["Dialog(confirmed)", "Dialog(confirmed)", "Dialog(early)"]
