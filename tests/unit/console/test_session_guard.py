"""Nobody is let by without a session's cookie and its browser's signature, but to what is open to all."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs
from tests.unit.console.test_session_rows import JWK, KEY, Room, room

from ringfence.console.live.looked import Looked
from ringfence.console.live.tickets import Tickets
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import (
    BODY_MAX_BYTES,
    OpenPaths,
    SessionGuard,
    cookie_name,
    delete_cookie,
    session_of,
    set_cookie,
)
from ringfence.console.sessions import Session

HERE = "https://console.example.com"
LIST = Looked(page="/texts", account="")
OPEN = OpenPaths([("GET", "/sign-in"), ("HEAD", "/sign-in"), ("POST", "/sign-in")], below=["/assets/"])
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
# Whatever is asked of the app once the body was read: that its browser went away.
GONE = {"type": "http.disconnect"}


class Answer:
    """What came back."""

    def __init__(self, messages: Sequence[Any]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(each.get("body", b"") for each in messages[1:])

    @property
    def error(self) -> str:
        error: str = json.loads(self.body)["error"]
        return error


class Guarded:
    """An app behind the guard, which keeps what it is asked: method, session, ticket and the messages it receives."""

    def __init__(self, of: Room) -> None:
        self.sessions = of.sessions
        self.clock = of.clock
        self.storage = of.storage
        self.tickets = Tickets(of.clock)
        self.kept_out = ""
        self.asked: list[dict[str, Any]] = []
        self._guard = SessionGuard(
            self._app,
            kind="staff",
            origin=HERE,
            sessions=of.sessions,
            open_paths=OPEN,
            locked=PlainTextResponse("a page to sign in", 401),
            admits=self._admits,
            tickets=self.tickets,
        )

    async def _admits(self, session: Session) -> None:
        if self.kept_out == session.id:
            raise RefusedError("kept out for now")

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.get("state", {})
        session = session_of(Request(scope)) if "session" in state else None
        asked = {"path": scope["path"], "session": session, "ticket": state.get("ticket")}
        self.asked.append(asked | {"received": [await receive(), await receive()], "state": state})
        await PlainTextResponse("let by")(scope, receive, send)

    async def signed_in(self) -> tuple[Session, dict[str, str]]:
        """A session, and the cookie's header."""
        session, cookie = self.sessions.new("staff", "ST1", "", JWK)
        await self.sessions.keep(session, cookie)
        return session, {"cookie": f"other=1; __Host-ringfence={cookie}"}

    def signature(self, method: str, target: str, body: bytes = b"") -> dict[str, str]:
        return KEY.headers(method, f"{HERE}{target}", body, self.clock.now_ms() // 1_000)

    async def ask(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        messages: Sequence[dict[str, Any]] | None = None,
        **more: Any,
    ) -> Answer:
        path, _, query = target.partition("?")
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        came: list[Any] = []
        coming = list(messages or [{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            return coming.pop(0) if coming else GONE

        async def send(message: Any) -> None:
            came.append(message)

        await self._guard(scope | more, receive, send)
        return Answer(came)

    async def ask_signed(
        self, method: str, target: str, cookie: dict[str, str], body: bytes = b"", **more: Any
    ) -> Answer:
        headers = cookie | more.pop("headers", JSON if body else {})
        return await self.ask(method, target, headers | self.signature(method, target, body), body, **more)


@asynccontextmanager
async def guarded(folder: Path) -> AsyncIterator[Guarded]:
    async with room(folder) as it:
        yield Guarded(it)


def test_what_is_open_is_open_by_its_method_and_below_a_prefix_to_look_at_alone() -> None:
    assert OPEN.has("POST", "/sign-in")
    assert not OPEN.has("PUT", "/sign-in")
    assert not OPEN.has("GET", "/sign-in/options")
    assert OPEN.has("GET", "/assets/page.js")
    assert not OPEN.has("POST", "/assets/page.js")
    assert not OPEN.has("GET", "/asset")
    assert not OpenPaths([("GET", "/sign-in")]).has("GET", "/texts")


def test_the_app_gets_the_session_and_the_body_as_it_came(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            session, cookie = await it.signed_in()
            headers = cookie | JSON | it.signature("POST", "/texts", b'{"a": 1}')
            parts = [
                {"type": "http.request", "body": b'{"a"', "more_body": True},
                {"type": "http.request", "more_body": True},
                {"type": "http.request", "body": b": 1}"},
            ]
            answer = await it.ask("POST", "/texts", headers, messages=parts, state={"of": "the server"})
            assert (answer.status, answer.body) == (200, b"let by")
            (asked,) = it.asked
            assert asked["session"] == session
            assert asked["state"]["of"] == "the server"
            assert asked["received"] == [{"type": "http.request", "body": b'{"a": 1}', "more_body": False}, GONE]

    run(scene())


@pytest.mark.parametrize("target", ["/texts", "/texts?status=failed&day=1", "/t%C3%A9xts", "/texts?q=\xe9"])
def test_a_signature_is_over_the_address_as_it_was_sent(run: Any, tmp_path: Path, target: str) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            _, cookie = await it.signed_in()
            assert (await it.ask_signed("GET", target, cookie)).status == 200
            elsewhere = cookie | it.signature("GET", f"{target}x")
            assert (await it.ask("GET", target, elsewhere)).status == 401

    run(scene())


def test_what_nobody_asked_for_does_not_keep_a_session_open(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            session, cookie = await it.signed_in()
            it.clock.advance(1_000)
            followed = await it.ask_signed("GET", "/texts", cookie, headers={"ringfence-following": "1"})
            assert followed.status == 200
            (seen,) = await it.sessions.open_now("staff")
            assert seen.seen_ms == session.seen_ms
            await it.ask_signed("GET", "/texts", cookie)
            (seen,) = await it.sessions.open_now("staff")
            assert seen.seen_ms == session.seen_ms + 1_000

    run(scene())


def test_what_is_open_needs_no_session_and_what_it_changes_comes_from_our_own_page(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            ours = {"origin": HERE}
            for method in ("GET", "HEAD"):
                assert (await it.ask(method, "/sign-in")).status == 200
            assert (await it.ask("POST", "/sign-in", ours | JSON)).status == 200
            assert [each["session"] for each in it.asked] == [None] * 3
            for headers in (JSON, JSON | {"origin": "https://evil.example"}, JSON | {"origin": "null"}):
                refused = await it.ask("POST", "/sign-in", headers)
                assert (refused.status, refused.error) == (403, "Requests from other origins are refused.")
            assert (await it.ask("POST", "/sign-in", ours | FORM)).status == 415
            assert len(it.asked) == 3

    run(scene())


def test_nothing_is_changed_but_by_json(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            _, cookie = await it.signed_in()
            for headers in (FORM, {}, {"content-type": "text/plain; a=application/json"}):
                refused = await it.ask_signed("POST", "/texts", cookie, b"a=1", headers=headers)
                assert (refused.status, refused.error) == (415, "Send the body as application/json.")
            assert it.asked == []
            kind = {"content-type": "Application/JSON ; charset=utf-8; a=b"}
            assert (await it.ask_signed("POST", "/texts", cookie, b"{}", headers=kind)).status == 200
            for method in ("GET", "HEAD"):
                assert (await it.ask_signed(method, "/texts", cookie, headers=FORM)).status == 200

    run(scene())


def test_who_is_not_let_by_gets_json_or_the_page_to_sign_in_and_is_told_the_time(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            now = str(it.clock.now_ms())
            for headers in ({}, {"accept": "application/json"}, {"sec-fetch-dest": "empty"}):
                refused = await it.ask("GET", "/texts", headers)
                assert (refused.status, refused.error) == (401, "Sign in first.")
                assert refused.headers["ringfence-now"] == now
            for headers in ({"accept": "text/html,*/*"}, {"sec-fetch-dest": "document", "accept": "*/*"}):
                refused = await it.ask("GET", "/texts", headers)
                assert (refused.status, refused.body) == (401, b"a page to sign in")
                assert refused.headers["ringfence-now"] == now
            assert it.asked == []

    run(scene())


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_led_here_is_let_by_as_little_as_without_a_cookie(
    run: Any, tmp_path: Path, site: str
) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            _, cookie = await it.signed_in()
            from_there = {"sec-fetch-site": site}
            with capture_logs() as logged:
                assert (await it.ask_signed("GET", "/texts", cookie, headers=from_there)).status == 401
            assert [(each["log_level"], each["cause"]) for each in logged] == [("debug", "from another site")]
            assert (await it.ask_signed("GET", "/texts", cookie, headers={"sec-fetch-site": "none"})).status == 200

    run(scene())


def test_a_copy_of_a_cookie_is_reported_and_what_browsers_send_by_themselves_is_not(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            session, cookie = await it.signed_in()
            with capture_logs() as logged:
                for harmless in ({}, {"cookie": "__Host-ringfence="}, {"cookie": "ringfence_session=x"}, cookie):
                    await it.ask("GET", "/texts", harmless)
                await it.ask("GET", "/texts", cookie | it.signature("GET", "/other"))
                it.kept_out = session.id
                await it.ask_signed("GET", "/texts", cookie)
            assert {(each["event"], each["kind"]) for each in logged} == {("console.no_session", "staff")}
            assert [(each["log_level"], each["cause"]) for each in logged] == [
                *[("debug", "no cookie")] * 3,
                ("debug", "unsigned"),
                ("warning", "another signature"),
                ("debug", "kept out for now"),
            ]
            assert it.asked == []

    run(scene())


def test_a_body_is_read_whole_and_is_no_longer_than_it_may_be(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            ours = {"origin": HERE} | JSON
            assert (await it.ask("POST", "/sign-in", ours, bytes(BODY_MAX_BYTES))).status == 200
            half = {"type": "http.request", "body": bytes(BODY_MAX_BYTES // 2), "more_body": True}
            last = {"type": "http.request", "body": b"x", "more_body": False}
            refused = await it.ask("POST", "/sign-in", ours, messages=[half, half, last])
            assert (refused.status, refused.error) == (413, "A body may hold 1048576 bytes.")
            refused = await it.ask("POST", "/sign-in", ours, messages=[half, GONE])
            assert (refused.status, refused.error) == (400, "The request is not whole.")
            assert len(it.asked) == 1

    run(scene())


def test_where_sessions_cannot_be_read_nobody_is_let_by(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            _, cookie = await it.signed_in()
            await it.storage.close()
            away = await it.ask_signed("GET", "/texts", cookie)
            assert (away.status, away.error) == (503, "Sessions cannot be read now.")
            assert it.asked == []

    run(scene())


def test_a_stream_begins_with_its_sessions_cookie_and_a_ticket(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            session, cookie = await it.signed_in()
            ticket = {"ringfence-ticket": it.tickets.give(session, LIST)}
            assert (await it.ask("GET", "/live", cookie | ticket, state={"of": "the server"})).status == 200
            (asked,) = it.asked
            assert (asked["session"], asked["ticket"].looked) == (session, LIST)
            assert asked["state"]["of"] == "the server"
            another = {"ringfence-ticket": it.tickets.give(session, LIST)}
            assert (await it.ask("GET", "/live", cookie | another)).status == 200

    run(scene())


def test_a_ticket_is_nothing_elsewhere_nor_without_its_session(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with guarded(tmp_path) as it:
            session, cookie = await it.signed_in()
            _, other = await it.signed_in()

            def ticket() -> dict[str, str]:
                return {"ringfence-ticket": it.tickets.give(session, LIST)}

            with capture_logs() as logged:
                for method, path in (("GET", "/texts"), ("HEAD", "/live"), ("POST", "/live")):
                    assert (await it.ask(method, path, cookie | ticket())).status == 401
                for headers in (other | ticket(), ticket(), cookie | {"ringfence-ticket": "x" * 43}):
                    assert (await it.ask("GET", "/live", headers)).status == 401
                it.kept_out = session.id
                assert (await it.ask("GET", "/live", cookie | ticket())).status == 401
            causes = [*["unsigned"] * 3, "no ticket", "no cookie", "no ticket", "kept out for now"]
            assert [(each["log_level"], each["cause"]) for each in logged] == [("debug", cause) for cause in causes]
            assert it.asked == []

    run(scene())


def test_a_cookie_is_for_this_host_alone_and_no_script_reads_it() -> None:
    given, taken, plain = Response(), Response(), Response()
    set_cookie(given, HERE, "secret")
    delete_cookie(taken, HERE)
    set_cookie(plain, "http://console.localhost:8421", "secret")
    held = "HttpOnly; Path=/; SameSite=strict"
    assert given.headers["set-cookie"] == f"__Host-ringfence=secret; {held}; Secure"
    assert plain.headers["set-cookie"] == f"ringfence_session=secret; {held}"
    named, _, *attributes = taken.headers["set-cookie"].split("; ")
    assert (named, attributes) == (
        '__Host-ringfence=""',
        ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=strict", "Secure"],
    )
    assert (cookie_name("http://a.localhost"), cookie_name(HERE)) == ("ringfence_session", "__Host-ringfence")
