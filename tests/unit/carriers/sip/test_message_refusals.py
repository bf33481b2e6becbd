"""What a message that is not as it should be is refused with: a status, and a reason that says what is wrong."""

import pytest

from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.message import (
    MAX_BODY_BYTES,
    MAX_CSEQ,
    MAX_FIELDS,
    MAX_HEADER_BYTES,
    BadMessageError,
    Message,
    Request,
    Response,
    parse_message,
    respond,
)
from unit.carriers.sip.test_message import FIELDS, invite, refused, request

INVITE = "INVITE sip:bob@b.example SIP/2.0"


def with_lines(*lines: str) -> bytes:
    return invite(INVITE, b"", *lines)


def refusal(data: bytes) -> BadMessageError:
    with pytest.raises(BadMessageError) as caught:
        parse_message(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (invite("INVITE  sip:bob@b.example SIP/2.0"), 400, "no valid request line"),
        (invite("INVITE SIP/2.0"), 400, "no valid request line"),
        (invite("INVITE sip:bob@b.example SIP/2.1"), 505, "a version other than SIP/2.0"),
        (invite("INVITE sip:b.example:99999 SIP/2.0"), 400, "a port that does not exist in the request line"),
        (invite("INVITE sip:bob@b.example?Subject=x SIP/2.0"), 400, "headers in the request's URI"),
        (invite("INVITE http://b.example SIP/2.0"), 416, "a URI of a scheme that is not routed"),
        (invite("OPTIONS sip:bob@b.example SIP/2.0"), 400, "a CSeq of another method"),
        (invite("IN(VITE sip:bob@b.example SIP/2.0"), 0, "no request line"),
        (invite("INVITE sip:bob@b.example HTTP/1.1"), 0, "no request line"),
        (invite().removesuffix(b"\r\n"), 400, "no end of the header"),
        (with_lines("nothing", "bad name: x"), 400, "a line that is no header field"),
        (with_lines("X: a\nb", "nothing"), 400, "a line break inside a header field"),
        (with_lines("X: a\rb"), 400, "a line break inside a header field"),
        (with_lines(*["X: 1"] * MAX_FIELDS), 400, "more than 256 header fields"),
        (with_lines("X: " + "a" * MAX_HEADER_BYTES), 0, "a header over 65536 bytes"),
        (with_lines("Content-Length: 1"), 400, "a body shorter than its Content-Length"),
        (with_lines(f"Content-Length: {MAX_BODY_BYTES + 1}"), 400, "not a number from 0 to 262144"),
        (with_lines("Call-ID: another"), 400, "Call-ID given more than once"),
        (with_lines("Expires: 1", "Expires: 1"), 400, "Expires given more than once"),
        (invite(max_forwards="256"), 400, "not a number from 0 to 255"),
        (invite(cseq="2147483648 INVITE"), 400, "not a number from 0 to 2147483647"),
        (invite(cseq="1 IN(VITE"), 400, "no valid CSeq"),
        (invite(cseq="INVITE"), 400, "no valid CSeq"),
        (invite(call_id="a,b"), 400, "no valid Call-ID"),
        (invite(from_=None, **{"from": None}), 400, "no From"),
        (invite(to=""), 400, "no To"),
        (invite(call_id=None), 400, "no Call-ID"),
        (invite(cseq=None), 400, "no CSeq"),
        (invite(via=","), 400, "an empty value in a list"),
        (invite(via="SIP/2.0 UDP a"), 400, "no valid hop in Via"),
        (invite(contact="sip:joe@b.example?Route=x"), 400, "a URI that needs angle brackets"),
        (invite(contact="<sip:joe@b.example"), 400, "a quote or an angle bracket that is never closed"),
        (invite(contact="<sip:joe@b.example> x"), 400, "something between an address and its parameters"),
        (invite(contact="J(oe <sip:joe@b.example>"), 400, "a display name that needs quotes"),
        (invite(via=None), 0, "no Via"),
        (invite("SIP/2.0 099 low"), 0, "no such status"),
        (invite("SIP/2.0 700 high"), 0, "no such status"),
        (invite("SIP/2.0 0200 long"), 0, "no such status"),
        (invite("SIP/2.0 200 OK", b"", "nothing"), 0, "a line that is no header field"),
        (invite("SIP/2.0 200 OK", via=None), 0, "no Via"),
        (invite("SIP/2.0 200 OK", b"", "Content-Length: 1"), 0, "a body shorter than its Content-Length"),
    ],
)
def test_a_refusal_says_what_is_wrong(data: bytes, status: int, reason: str) -> None:
    assert refused(data) == (status, reason)
    assert str(refusal(data)) == reason


@pytest.mark.parametrize(
    "field", ["Contact: *", "Route: <sip:p.example", "Record-Route: <sip:p.example", "Via: SIP/2.0/UDP ;;"]
)
def test_every_hop_and_address_is_looked_at_whatever_else_there_is(field: str) -> None:
    alone = invite(INVITE, b"", field, contact="*" if field.startswith("R") else None)
    if field == "Contact: *":
        assert request(alone).contacts == []
    else:
        assert refused(alone)[0] == 400


def test_what_is_as_large_as_may_be_is_read() -> None:
    room = MAX_HEADER_BYTES - len(with_lines("X: ").removesuffix(b"\r\n\r\n"))
    assert len(request(with_lines("X: " + "a" * room)).headers.get("x") or "") == room
    assert refused(with_lines("X: " + "a" * (room + 1))) == (0, "a header over 65536 bytes")
    many = request(with_lines(*[f"X-{number}: 1" for number in range(MAX_FIELDS - len(FIELDS))]))
    assert len(list(many.headers)) == MAX_FIELDS
    body = bytes(MAX_BODY_BYTES)
    assert request(invite(INVITE, body, f"Content-Length: {len(body)}")).body == body
    assert request(invite(cseq=f"{MAX_CSEQ} INVITE")).cseq == (MAX_CSEQ, "INVITE")
    assert request(invite(max_forwards="255")).max_forwards == 255
    for status in (100, 699):
        message = parse_message(invite(f"SIP/2.0 {status} x"))
        assert isinstance(message, Response)
        assert message.status == status


def test_what_is_refused_is_given_as_far_as_it_was_read() -> None:
    error = refusal(invite("INVITE  sip:bob@b.example SIP/2.0"))
    assert error.request is not None
    assert error.request.method == "INVITE"
    assert error.request.call_id == FIELDS["Call-ID"]
    # Those fields that are some are needed for the answer, whatever stands between them.
    for between in ("nothing", "X: a\nb"):
        error = refusal(invite(INVITE, b"", between, "Via: SIP/2.0/TCP far.example"))
        assert error.request is not None
        assert error.request.headers.get_all("via") == [FIELDS["Via"], "SIP/2.0/TCP far.example"]
    error = refusal(with_lines(*["X: 1"] * MAX_FIELDS))
    assert error.request is not None
    assert len(list(error.request.headers)) == MAX_FIELDS
    assert refusal(invite(via=None)).request is None
    assert refusal(invite("SIP/2.0 099 low")).request is None
    assert BadMessageError(400, "why").request is None


def test_a_header_that_never_ends_is_read_up_to_its_last_whole_line() -> None:
    error = refusal(invite().removesuffix(b"\r\n"))
    assert error.request is not None
    assert error.request.contacts[0].uri == request(invite()).contacts[0].uri
    assert refused(b"INVITE sip:bob@b.example SIP/2.0\r\n") == (0, "no end of the header")


@pytest.mark.parametrize("start", ["SIP/2.0 200 OK", "sip/2.0 200 OK"])
def test_a_version_is_the_same_in_any_case(start: str) -> None:
    assert isinstance(parse_message(invite(start)), Response)
    assert request(invite("INVITE sip:bob@b.example sip/2.0")).method == "INVITE"


def test_space_around_a_field_is_none_of_it_and_what_is_no_space_stays() -> None:
    read = request(with_lines("X-FAX \t:\t XX 1 2 XX \t", "Subject: one", "\ttwo", "  three"))
    assert read.headers.get("x-fax") == "XX 1 2 XX"
    assert read.headers.get("subject") == "one two three"


def test_bytes_that_are_no_text_are_kept() -> None:
    data = invite(INVITE, b"\xff\xfe", "Subject: \udcff\udc80 caf\u00e9")
    assert b"Subject: \xff\x80 caf\xc3\xa9\r\n" in data
    written = bytes(request(data))
    assert b"Subject: \xff\x80 caf\xc3\xa9\r\n" in written
    assert written.endswith(b"\r\n\r\n\xff\xfe")


def test_messages_are_written_line_by_line_and_their_length_last() -> None:
    headers = Headers([("v", "SIP/2.0/UDP a"), ("Content-Length", "99"), ("X-Own", "1")])
    written = Request("BYE", request(invite()).uri, headers.copy(), b"x\0y")
    lines = b"Via: SIP/2.0/UDP a\r\nX-Own: 1\r\nContent-Length: 3\r\n\r\nx\0y"
    assert bytes(written) == b"BYE sip:bob@b.example SIP/2.0\r\n" + lines
    assert bytes(Response(200, "Fine", headers, b"x\0y")) == b"SIP/2.0 200 Fine\r\n" + lines
    assert (repr(written), repr(Response(200, "Fine", headers))) == ("Request(BYE)", "Response(200)")
    assert Response(200, "Fine", headers).body == Request("BYE", written.uri, headers).body == b""
    with pytest.raises(TypeError, match=r"^neither a request nor a response$"):
        bytes(Message(headers))


def test_what_its_body_is_a_message_says_in_lower_case_and_without_parameters() -> None:
    read = request(with_lines("Content-Type: Application/SDP ; charset=x"))
    assert read.content_type == "application/sdp"
    assert read.set_body(b"now", "text/plain") is read
    assert (read.body, read.content_type, read.headers.get_all("c")) == (b"now", "text/plain", ["text/plain"])
    assert request(invite()).content_type == ""


def test_addresses_are_in_the_order_of_their_fields_and_lists() -> None:
    read = request(with_lines("Route: <sip:a.example>, <sip:b.example>", "Route: <sip:c.example>"))
    assert [str(address.uri) for address in read.addresses("route")] == [
        "sip:a.example",
        "sip:b.example",
        "sip:c.example",
    ]
    assert request(invite(contact=None)).contacts == []
    assert request(invite(contact="*")).contacts == []


def test_an_angle_bracket_in_quotes_is_none() -> None:
    (contact,) = request(invite(contact='sip:joe@b.example;note="a<b";q=0.5')).contacts
    assert (str(contact.uri), contact.parameter("q")) == ("sip:joe@b.example", "0.5")
    assert contact.parameter("note") == "a<b"


def test_a_request_that_counts_no_hops_has_seventy() -> None:
    assert request(invite(max_forwards=None)).max_forwards == 70
    assert request(invite(max_forwards="0")).max_forwards == 0


class TestAnswers:
    @pytest.mark.parametrize(
        ("status", "routes"), [(100, 0), (101, 2), (199, 2), (200, 2), (299, 2), (300, 0), (404, 0)]
    )
    def test_that_make_a_dialog_have_its_road(self, status: int, routes: int) -> None:
        asked = request(with_lines("Record-Route: <sip:a.example;lr>", "Record-Route: <sip:b.example;lr>"))
        road = respond(asked, status).headers.get_all("record-route")
        assert road == ["<sip:a.example;lr>", "<sip:b.example;lr>"][:routes]

    @pytest.mark.parametrize(("status", "tag"), [(100, None), (101, "77"), (486, "77")])
    def test_have_a_tag_of_ours_from_101_on(self, status: int, tag: str | None) -> None:
        asked = request(invite())
        assert respond(asked, status, tag="77").to.tag == tag
        assert respond(asked, status).to.tag is None

    def test_copy_what_leads_back_and_nothing_else(self) -> None:
        answer = respond(request(with_lines("Subject: x", "Via: SIP/2.0/TCP far.example")), 486)
        assert list(answer.headers) == [
            ("via", FIELDS["Via"]),
            ("from", FIELDS["From"]),
            ("call-id", FIELDS["Call-ID"]),
            ("cseq", FIELDS["CSeq"]),
            ("via", "SIP/2.0/TCP far.example"),
            ("to", FIELDS["To"]),
        ]

    def test_say_what_they_are_told_to_or_what_their_status_means(self) -> None:
        asked = request(invite())
        assert [respond(asked, 486).reason, respond(asked, 486, "Gone fishing").reason] == ["Busy Here", "Gone fishing"]
        assert respond(asked, 699).reason == "Unknown"

    def test_to_what_cannot_be_read_have_it_as_it_came(self) -> None:
        crooked = '"Watson, Thomas" < sip:t.watson@example.org'
        error = refusal(invite(to=crooked))
        assert error.request is not None
        assert respond(error.request, 400, tag="77").headers.get_all("to") == [crooked]
        error = refusal(invite(to=None))
        assert error.request is not None
        assert respond(error.request, 400, tag="77").headers.get("to") == ""
