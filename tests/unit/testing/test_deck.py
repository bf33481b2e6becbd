"""Record a program with a service once, play it offline afterwards."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from ringfence.domain.web_url import parse_url
from ringfence.testing.cassette import CassetteError
from ringfence.testing.deck import PLAYED_TOKEN, Deck, over_the_network, running
from ringfence.testing.programs import Asked

from .conftest import SHOP, Barber

pytest_plugins = ["pytester"]

CUSTOMER = "+447700900123"
BODY = "c4n4ry: Haircut Tue 15:00"


def remind(body: str = BODY, to: str = CUSTOMER) -> Any:
    """A program as one writes it."""
    client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
    sent = client.messages.create(from_=SHOP, to=to, body=body)
    return client.messages(sent.sid).fetch()


def signed_barber(barber: Barber) -> Any:
    """The same program, refusing what is not signed."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        from flask import Request

        request = Request(environ)
        signature = request.headers.get("X-Twilio-Signature", "")
        if not RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]).validate(request.url, request.form, signature):
            start_response("403 Forbidden", [])
            return [b""]
        environ["wsgi.input"].seek(0)
        return barber(environ, start_response)

    return app


@pytest.fixture
def recorded(ringfence: Any, barber: Barber, tmp_path: Path) -> Path:
    """A cassette of a reminder and its answer, from a real platform."""
    path = tmp_path / "cassettes" / "reminder.json"
    deck = Deck(path, recording=True, through=ringfence.api.ask)
    ringfence.number(SHOP).sms_to(deck.app(signed_barber(barber)))
    with running(deck):
        assert remind().status == "delivered"
    ringfence.phone(CUSTOMER).reply("C")
    deck.finish()
    return path


def test_a_cassette_can_be_read_and_holds_no_secret(recorded: Path, ringfence: Any) -> None:
    text = recorded.read_text()
    secrets = (
        "c4n4ry",
        "Tuesday",
        ringfence.auth_token,
        ringfence.account_sid,
        CUSTOMER[1:],
        "Authorization",
        "Signature",
    )
    assert [secret for secret in secrets if secret in text] == []
    exchanges = json.loads(text)["exchanges"]
    assert [(each["kind"], each["method"], each["status"]) for each in exchanges] == [
        ("api", "POST", 201), ("api", "GET", 200), ("webhook", "POST", 200),
    ]  # fmt: skip
    assert exchanges[0]["fields"]["Body"] == "(text of 25 characters)"
    assert exchanges[0]["answer"]["status"] == "queued"
    assert exchanges[2]["answer"] == "<Response><Message>(text of 16 characters)</Message></Response>"
    assert not list(recorded.parent.glob("*.json.*"))


def test_it_plays_without_a_service(recorded: Path, barber: Barber) -> None:
    deck = Deck(recorded, recording=False)
    barber.seen.clear()
    with running(deck):
        fetched = remind("another text", to="+12065550199")
        assert (fetched.status, fetched.num_segments) == ("delivered", "1")
        (answer,) = deck.play_webhooks(signed_barber(barber))
    deck.finish()
    assert answer.status == 200
    assert [form["Body"] for form in barber.seen] == ["(text of 1 character)"]
    assert os.environ.get("TWILIO_AUTH_TOKEN") != PLAYED_TOKEN


def test_a_request_that_was_not_recorded_says_what_was(recorded: Path) -> None:
    with running(Deck(recorded, recording=False)) as deck:
        client = Client(os.environ["TWILIO_ACCOUNT_SID"], "x")
        with pytest.raises(CassetteError, match=r"no answer for POST .*with .*MediaUrl(?s:.*)not asked yet: POST"):
            client.messages.create(from_=SHOP, to=CUSTOMER, body="x", media_url=["https://a.example/b.png"])
    with pytest.raises(CassetteError, match="2 recorded requests were not asked again"):
        deck.finish()


def test_an_app_that_answers_otherwise_than_once_fails(recorded: Path, barber: Barber) -> None:
    barber.status = "500 Oops"
    with pytest.raises(AssertionError, match="answered 200 once, and now 500"):
        Deck(recorded, recording=False).play_webhooks(barber)


def test_a_field_may_be_kept(ringfence: Any, barber: Barber, tmp_path: Path) -> None:
    deck = Deck(tmp_path / "c.json", recording=True, keep=["Body"], through=ringfence.api.ask)
    ringfence.number(SHOP).sms_to(deck.app(barber))
    ringfence.phone(CUSTOMER).send(SHOP, "C")
    deck.finish()
    played = Barber()
    Deck(tmp_path / "c.json", recording=False).play_webhooks(played)
    assert played.seen[0]["Body"] == "C"


@pytest.mark.parametrize("text", ["", "{", '{"cassette": 9, "keep": [], "exchanges": []}', '{"cassette": "x"}'])
def test_a_cassette_that_cannot_be_read_says_how_to_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(CassetteError, match="record it anew"):
        Deck(tmp_path / "c.json", recording=False)
    with pytest.raises(CassetteError, match="record it: pytest --ringfence-record"):
        Deck(tmp_path / "d.json", recording=False)


@pytest.fixture
def service() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"path": "%s", "body": "%s"}' % (self.path.encode(), body))

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_is_recorded_goes_out_as_it_is(service: str) -> None:
    asked = Asked(method="POST", url=parse_url(f"{service}/a?b=c"), headers=[("Accept-Encoding", "br")], body=b"d=e")
    answered = over_the_network(asked)
    assert (answered.status, json.loads(answered.body)) == (201, {"path": "/a?b=c", "body": "d=e"})


def test_the_fixture_names_its_cassette_by_the_test_and_plays_it(pytester: pytest.Pytester, recorded: Path) -> None:
    pytester.makepyfile(
        test_shop="""
        import os
        import pytest
        from twilio.rest import Client

        def test_reminder(ringfence_cassette):
            client = Client()
            sent = client.messages.create(from_="+12025550123", to="+12025550177", body="x")
            assert client.messages(sent.sid).fetch().status == "delivered"

        def test_nothing_recorded(ringfence_cassette):
            pass

        @pytest.mark.ringfence_cassette("cassettes/test_shop/test_reminder.json")
        def test_asks_too_little(ringfence_cassette):
            pass

        @pytest.mark.ringfence_cassette("cassettes/test_shop/test_reminder.json")
        def test_fails_by_itself(ringfence_cassette):
            assert False, "its own reason"
        """
    )
    home = pytester.path / "cassettes" / "test_shop"
    home.mkdir(parents=True)
    (home / "test_reminder.json").write_bytes(recorded.read_bytes())
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1, errors=2)
    result.stdout.fnmatch_lines(["*no cassette at *test_nothing_recorded.json*--ringfence-record*"])
    result.stdout.fnmatch_lines(["*2 recorded requests were not asked again*"])


def test_tests_whose_names_no_file_may_have_do_not_share_a_cassette(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_names="""
        import pytest

        @pytest.mark.parametrize("case", ["a/b", "a-b", "a?b"])
        def test_it(ringfence_cassette, case):
            pass
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "--ringfence-record").assert_outcomes(passed=3)
    names = {path.name for path in (pytester.path / "cassettes" / "test_names").iterdir()}
    assert len(names) == 3
    assert all(name.startswith("test_it-a-b-") for name in names)


def asgi_barber(seen: list[dict[str, Any]]) -> Any:
    """The program as an ASGI app that reads its body in its own time."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        event = await receive()
        seen.append({"path": scope["path"], "body": event["body"].decode(), "more": event["more_body"]})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", b"text/xml")]})
        for part in (b"<Response><Message>", b"See you Tuesday.</Message></Response>"):
            await send({"type": "http.response.body", "body": part, "more_body": part.endswith(b"e>") is False})

    return app


def test_an_asgi_app_is_recorded_and_played_too(ringfence: Any, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    deck = Deck(tmp_path / "c.json", recording=True, keep=["Body"], through=ringfence.api.ask)
    ringfence.number(SHOP).sms_to(deck.app(asgi_barber(seen)))
    ringfence.phone(CUSTOMER).send(SHOP, "C")
    assert ringfence.phone(CUSTOMER).inbox[-1].body == "See you Tuesday."
    deck.finish()
    (kept,) = json.loads((tmp_path / "c.json").read_text())["exchanges"]
    assert (kept["kind"], kept["status"], kept["content_type"]) == ("webhook", 200, "text/xml")
    assert kept["fields"]["Body"] == "C"
    assert CUSTOMER[1:] not in (tmp_path / "c.json").read_text()
    played: list[dict[str, Any]] = []
    (answer,) = Deck(tmp_path / "c.json", recording=False).play_webhooks(asgi_barber(played))
    assert answer.status == 200
    assert "Body=C" in played[0]["body"]


def test_what_an_asgi_app_raises_is_recorded_as_500_and_raised(ringfence: Any, tmp_path: Path) -> None:
    async def broken(scope: dict[str, Any], receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    deck = Deck(tmp_path / "c.json", recording=True, through=ringfence.api.ask)
    app = deck.app(broken)
    scope = {"type": "http", "method": "POST", "path": "/a b", "headers": [], "server": ("127.0.0.1", 80)}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(ZeroDivisionError):
        asyncio.run(app(scope, receive, receive))
    deck.finish()
    (kept,) = json.loads((tmp_path / "c.json").read_text())["exchanges"]
    assert (kept["status"], kept["path"]) == (500, "/a%20b")
