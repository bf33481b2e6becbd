"""What comes from outside a call: spoken with, led to its call, or refused with what could be spoken."""

import pytest
from tests.unit.carriers.sip.wire import (
    HOST,
    Phone,
    answers,
    closed,
    eventually,
    finals,
    invite,
    peer,
    run,
)

from ringfence.carriers.sip.message import Response


@pytest.mark.parametrize(
    ("more", "body", "kind", "status", "header"),
    [
        (
            ["Require: nothingSupportsThis, nothingSupportsThisEither, 100rel"],
            b"",
            "",
            420,
            ("unsupported", "nothingsupportsthis, nothingsupportsthiseither"),
        ),
        ([], b"x", "application/unknownformat", 415, ("accept", "application/sdp")),
        (["Accept: text/nobodyKnowsThis"], b"x", "application/sdp", 406, None),
        (["Session-Expires: 10"], b"x", "application/sdp", 422, ("min-se", "90")),
        (
            ["Session-Expires: 100;refresher=uac", "Supported: timer"],
            b"x",
            "application/sdp",
            200,
            ("session-expires", "100;refresher=uac"),
        ),
        (["Accept: application/*"], b"x", "application/sdp", 200, ("contact", None)),
    ],
)
def test_what_cannot_be_spoken_with_is_refused_with_what_could(
    more: list[str], body: bytes, kind: str, status: int, header: tuple[str, str | None] | None
) -> None:
    async def story() -> None:
        phone, other = await Phone(answers).open(), await peer(lambda self, message, place: None)
        other.socket.sendto(invite(phone.port, *more, body=body, kind=kind), (HOST, phone.port))
        await eventually(lambda: bool(finals(other)))
        assert finals(other)[0].status == status
        if header is not None and header[1] is not None:
            assert finals(other)[0].headers.get(header[0]) == header[1]
        await closed(phone)

    run(story)


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("REGISTER", 501), ("INFO", 405), ("BYE", 405)])
def test_requests_outside_a_call(method: str, status: int) -> None:
    async def story() -> None:
        phone, other = await Phone().open(), await peer(lambda self, message, place: None)
        other.socket.sendto(invite(phone.port).replace(b"INVITE", method.encode()), (HOST, phone.port))
        await eventually(lambda: bool(other.heard))
        (answer,) = other.heard
        assert isinstance(answer, Response)
        assert (answer.status, "INVITE" in (answer.headers.get("allow") or "")) == (status, True)
        await closed(phone)

    run(story)


def test_a_request_of_an_unknown_call_finds_none() -> None:
    async def story() -> None:
        phone, other = await Phone().open(), await peer(lambda self, message, place: None)
        data = invite(phone.port).replace(b"INVITE", b"BYE").replace(b"\r\nCall-ID", b";tag=9\r\nCall-ID")
        other.socket.sendto(data, (HOST, phone.port))
        await eventually(lambda: bool(other.heard))
        assert isinstance(other.heard[0], Response)
        assert other.heard[0].status == 481
        await closed(phone)

    run(story)
