"""Requests and answers, however their bytes are cut."""

import base64
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.devproxy.requests import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    AnswerReader,
    BadRequestError,
    Request,
    RequestReader,
    origin_form,
)

CREDENTIAL = base64.b64encode(b"AC1:secret:with colon").decode()
TWO = (
    b"POST /2010-04-01/Accounts/AC1/Messages.json?a=1 HTTP/1.1\r\nHost: elsewhere\r\nAuthorization: Basic "
    + CREDENTIAL.encode()
    + b"\r\nTransfer-Encoding: chunked\r\nProxy-Connection: keep-alive\r\n\r\n4\r\nFrom\r\n2\r\n=1\r\n0\r\n\r\n"
    b"GET https://api.twilio.com/x HTTP/1.1\r\nConnection: close\r\n\r\n"
)


def read(*parts: bytes) -> list[Request]:
    reader = RequestReader()
    return [request for part in parts for request in reader.feed(part)]


@given(st.lists(st.integers(0, len(TWO)), max_size=8))
def test_requests_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TWO)]
    first, second = read(*(TWO[a:b] for a, b in itertools.pairwise(edges) if a < b))
    assert (first.method, first.path, first.body) == ("POST", "/2010-04-01/Accounts/AC1/Messages.json", b"From=1")
    assert first.basic == ("AC1", "secret:with colon")
    assert first.keep_alive
    assert (second.method, second.target, second.body, second.basic) == ("GET", b"/x", b"", None)
    assert not second.keep_alive


def test_a_request_is_sent_on_under_the_name_that_was_asked_for_with_one_length() -> None:
    first, second = read(TWO)
    assert first.as_sent_to("api.twilio.com") == (
        b"POST /2010-04-01/Accounts/AC1/Messages.json?a=1 HTTP/1.1\r\nhost: api.twilio.com\r\nauthorization: Basic "
        + CREDENTIAL.encode()
        + b"\r\ncontent-length: 6\r\n\r\nFrom=1"
    )
    assert second.as_sent_to("x.twilio.com") == b"GET /x HTTP/1.1\r\nhost: x.twilio.com\r\n\r\n"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_empty_form_has_a_length(method: str) -> None:
    request = Request(method=method, target=b"/", headers=[], body=b"", keep_alive=True)
    assert b"\r\ncontent-length: 0\r\n" in request.as_sent_to("h")


@pytest.mark.parametrize("value", [b"", b"Bearer x", b"Basic", b"Basic *", b"Basic QQ==", b"Basic /w=="])
def test_what_is_no_basic_credential_is_none(value: bytes) -> None:
    request = Request(method="GET", target=b"/", headers=[(b"authorization", value)], body=b"", keep_alive=True)
    assert request.basic is None


def test_nothing_of_a_request_is_in_its_repr() -> None:
    assert repr(read(TWO)[0]) == "Request(POST)"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HEAD_BYTES + MAX_BODY_BYTES) + b"\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (MAX_HEAD_BYTES + MAX_BODY_BYTES), 413),
    ],
)
def test_what_cannot_be_passed_on_has_a_status(data: bytes, status: int) -> None:
    with pytest.raises(BadRequestError) as refused:
        read(data)
    assert refused.value.status == status


def test_a_client_that_waits_is_told_once() -> None:
    reader = RequestReader()
    assert reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n") == []
    assert [reader.wants_to_be_told, reader.wants_to_be_told] == [True, False]
    (request,) = reader.feed(b"x")
    assert b"expect" not in request.as_sent_to("h")
    assert not reader.wants_to_be_told


@pytest.mark.parametrize(
    ("target", "origin"),
    [
        (b"/a?b", b"/a?b"),
        (b"http://h/a?b=http://c/", b"/a?b=http://c/"),
        (b"https://h", b"/"),
        (b"HTTP://h?q", b"/?q"),
        (b"*", b"*"),
        (b"ftp://h/a", b"ftp://h/a"),
    ],
)
def test_origin_form(target: bytes, origin: bytes) -> None:
    assert origin_form(target) == origin


ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


@given(st.integers(0, len(ANSWER) - 1))
def test_an_answer_is_complete_with_its_last_byte(cut: int) -> None:
    answer = AnswerReader(head_only=False)
    if cut:
        answer.feed(ANSWER[:cut])
    assert not answer.complete
    answer.feed(ANSWER[cut:])
    assert (answer.complete, answer.status, answer.keep_alive, answer.body) == (True, 201, True, b"")


def test_the_answer_to_head_ends_with_its_head_and_204_too() -> None:
    for head_only, data in ((True, ANSWER[:-2]), (False, b"HTTP/1.1 204 No Content\r\n\r\n")):
        answer = AnswerReader(head_only=head_only)
        answer.feed(data)
        assert answer.complete


def test_an_answer_before_the_answer_does_not_count() -> None:
    answer = AnswerReader(head_only=False)
    answer.feed(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    assert not answer.complete
    answer.feed(ANSWER)
    assert (answer.complete, answer.status) == (True, 201)


def test_what_is_not_there_yet_is_kept_and_a_close_is_seen() -> None:
    answer = AnswerReader(head_only=False)
    answer.feed(b"HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyet")
    assert (answer.complete, answer.keep_alive, answer.body) == (True, False, b"yet")
    with pytest.raises(BadRequestError):
        AnswerReader(head_only=False).feed(b"SMTP")
