"""A WSGI app is called as PEP 3333 says."""

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from ringfence.domain.web_url import parse_url
from ringfence.testing.patience import NoAnswerError, Patience
from ringfence.testing.programs import Asked, ListeningProgram, WsgiProgram, is_asgi

ASKED = Asked(
    method="POST",
    url=parse_url("https://app.test:8443/a%20b/%C3%A9?x=1&y"),
    headers=[("Content-Type", "text/plain"), ("X-Twilio-Signature", "abc=")],
    body=b"hello",
)


def test_the_environ_holds_the_request() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("201 Created", [("Content-Type", "text/xml"), ("X-Two", "2")])
        return [b"a", b"b"]

    answered = WsgiProgram(app, Patience(15)).ask(ASKED)
    assert (answered.status, answered.body, answered.raised) == (201, b"ab", None)
    assert answered.headers == (("content-type", "text/xml"), ("x-two", "2"))
    wanted = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/é".encode().decode("latin-1"),
        "QUERY_STRING": "x=1&y",
        "SERVER_NAME": "app.test",
        "SERVER_PORT": "8443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "5",
        "HTTP_HOST": "app.test:8443",
        "HTTP_X_TWILIO_SIGNATURE": "abc=",
        "wsgi.url_scheme": "https",
        "wsgi.version": (1, 0),
        "body": b"hello",
    }
    assert {name: seen[name] for name in wanted} == wanted


def test_what_it_writes_yields_and_closes_is_heeded() -> None:
    closed: list[bool] = []

    class Parts:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"yielded"])

        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: Any) -> Parts:
        start_response("500 Oh", [])
        start_response("200 OK", [], None)(b"written ")
        return Parts()

    answered = WsgiProgram(app, Patience(15)).ask(ASKED)
    assert (answered.status, answered.body, closed) == (200, b"written yielded", [True])


def test_its_errors_go_to_the_tests_output(capsys: pytest.CaptureFixture[str]) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.errors"].write("oh dear\n")
        raise KeyError("gone")

    answered = WsgiProgram(app, Patience(15)).ask(ASKED)
    assert (answered.status, repr(answered.raised)) == (500, "KeyError('gone')")
    assert capsys.readouterr().err == "oh dear\n"


def test_an_app_that_starts_no_response_is_told_so() -> None:
    answered = WsgiProgram(lambda environ, start_response: [], Patience(15)).ask(ASKED)
    assert (answered.status, "start_response" in str(answered.raised)) == (500, True)


def test_asgi_is_what_is_awaited() -> None:
    async def asgi(scope: Any, receive: Any, send: Any) -> None: ...

    class Asgi:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    class Wsgi:
        def __call__(self, environ: Any, start_response: Any) -> None: ...

    assert [is_asgi(app) for app in (asgi, Asgi(), functools.partial(asgi))] == [True] * 3
    assert [is_asgi(app) for app in (Wsgi(), lambda environ, start_response: [], Wsgi().__call__)] == [False] * 3


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://93.184.215.14/", "http://localhost.example.com/", "http://[2001:4860::1]/"]
)
def test_nobody_far_away_is_called(url: str) -> None:
    with pytest.raises(NoAnswerError, match="in this test"):
        ListeningProgram(Patience(15)).ask(Asked(method="GET", url=parse_url(url), headers=[], body=b""))
