"""D01: a look-alike page stands between a member of staff and the console, and passes on whatever is typed or shown.

The victim is a real Chromium with an authenticator; the page between is what phishing kits of 2022 are: it forwards
each request under the right names, and keeps what comes back. Before passkeys that made sessions.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.staff_browser import Request, Response, SessionKey, answer_of
from ringfence.drills.staff_desk import INSIDE, Desk

if TYPE_CHECKING:
    from playwright.sync_api import Page

DRILL: Final = "D01"
TITLE: Final = "staff sign-ins relayed by a look-alike page, in a real browser"
AS_IT_IS: Final = "what the console asks, as it is"
REWRITTEN: Final = "what the console asks, with the look-alike's own domain in it"
MADE_THERE: Final = "a passkey that the victim made at the look-alike"
RELAYS: Final = (AS_IT_IS, REWRITTEN, MADE_THERE)
CHROMIUM_VARIABLE: Final = "RINGFENCE_CHROMIUM"
# Phishing kits do not wait as long as a console does.
ASKED_FOR_MS: Final = 3_000
WITHIN_MS: Final = 30_000
_HOST: Final = "operator-support.localhost"
_AUTHENTICATOR: Final = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_KEPT_BACK: Final = ("content-security-policy", "content-length", "cross-origin-opener-policy")

T = TypeVar("T")


def missing() -> str:
    """What this needs that is not here."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "the package playwright is not installed"
    return "" if _chromium() else "there is no Chromium"


def relayed_sign_in(design: Design, tenants: int, database: str = "") -> Finding:
    """Relay in so many of three ways. Counted are those after which the attacker has seen a page for staff."""
    began = time.perf_counter()
    relays = RELAYS[:tenants]
    told: list[tuple[str, str]] = []
    taken = 0
    with _loop() as loop, tempfile.TemporaryDirectory() as folder:
        stack = AsyncExitStack()
        try:
            look_alike = loop.run(_open(stack, design, Path(folder)))
            with _page() as page:
                _enrol(page, loop, look_alike.desk)
                for relay in relays:
                    look_alike.begin(relay)
                    told.append((relay, _be_phished(page, look_alike)))
                    taken += loop.run(look_alike.is_inside())
        finally:
            loop.run(stack.aclose())
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=len(relays),
        reached=taken,
        seconds=time.perf_counter() - began,
        rows=tuple(told),
    )


class LookAlike:
    """ASGI app: the console under another name, with an attacker in it who has a session's key of their own."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.desk = desk
        self.origin = f"http://{_HOST}:{port}"
        self.begin(AS_IT_IS)

    def begin(self, relay: str) -> None:
        """The next victim."""
        self.relay = relay
        self._key = SessionKey()
        self._cookies: list[str] = []

    async def is_inside(self) -> bool:
        """Whether any cookie that came by opens a page for staff."""
        target = f"{self.desk.origin}{INSIDE}"
        for cookie in self._cookies:
            headers = {"host": urlsplit(target).netloc, "cookie": cookie}
            headers |= self._key.headers("GET", target, b"", self.desk.clock.now_ms() // 1_000)
            response = await answer_of(self.desk.app, Request("GET", target, headers))
            if self.desk.canary.encode() in response.content:
                return True
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        response = await self._answer(scope, body)
        fields = [(name.encode(), value.encode()) for name, value in response.fields if name.lower() not in _KEPT_BACK]
        await send({"type": "http.response.start", "status": response.status_code, "headers": fields})
        await send({"type": "http.response.body", "body": response.content})

    async def _answer(self, scope: Scope, body: bytes) -> Response:
        path = scope["path"]
        if self.relay == MADE_THERE and scope["method"] == "POST" and path.startswith("/join"):
            return self._enrolled_here(path)
        if path == "/sign-in/options":
            body = json.dumps({"key": self._key.jwk}).encode()
        headers = {name: value for name, value in Headers(scope=scope).items() if name != "content-length"}
        headers |= {"host": urlsplit(self.desk.origin).netloc}
        if "origin" in headers:
            headers["origin"] = self.desk.origin
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        response = await answer_of(
            self.desk.app, Request(scope["method"], f"{self.desk.origin}{path}{query}", headers, body)
        )
        self._cookies += [value.partition(";")[0] for name, value in response.fields if name == "set-cookie"]
        if path == "/sign-in/options" and self.relay != AS_IT_IS:
            asked = response.json()
            asked["options"] |= {"rpId": _HOST, "timeout": ASKED_FOR_MS}
            return Response(response.status_code, response.fields, json.dumps(asked).encode())
        return response

    def _enrolled_here(self, path: str) -> Response:
        options = {
            "rp": {"id": _HOST, "name": "ringfence operator"},
            "user": {"id": "YQ", "name": "Ada", "displayName": "Ada"},
            "challenge": "YWFhYWFhYWFhYWFhYWFhYQ",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "excludeCredentials": [],
            "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
        }
        answer = {"ceremony": "x", "options": options} if path == "/join/options" else {"waits": False}
        return Response(200, [("content-type", "application/json")], json.dumps(answer).encode())


class _Loop:
    """An event loop in a thread, for servers beside a browser that is driven from this one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="look-alike", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextlib.contextmanager
def _loop() -> Iterator[_Loop]:
    loop = _Loop()
    try:
        yield loop
    finally:
        loop.stop()


async def _open(stack: AsyncExitStack, design: Design, folder: Path) -> LookAlike:
    console, evil = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    desk = await stack.enter_async_context(design.staff_desk(folder, console.getsockname()[1]))
    look_alike = LookAlike(desk, evil.getsockname()[1])
    await stack.enter_async_context(_served(desk.app, console))
    await stack.enter_async_context(_served(look_alike, evil))
    return look_alike


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _served(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        listener.close()


@contextlib.contextmanager
def _page() -> Iterator["Page"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_chromium(), headless=True, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            page = browser.new_page()
            page.set_default_timeout(WITHIN_MS)
            session = page.context.new_cdp_session(page)
            session.send("WebAuthn.enable", {})
            session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
            yield page
        finally:
            browser.close()


def _enrol(page: "Page", loop: _Loop, desk: Desk) -> None:
    """The victim has what they sign in with, and does so at the right address first."""
    link = loop.run(desk.link())
    if link:
        page.goto(link)
        page.click("#join")
        page.wait_for_url("**/sign-in")
    page.goto(f"{desk.origin}{desk.sign_in_path}")
    _sign_in(page, desk)
    page.wait_for_selector(desk.greeting)
    page.goto(f"{desk.origin}{INSIDE}")
    assert desk.canary in page.content(), "the victim signs in at the right address"


def _be_phished(page: "Page", look_alike: LookAlike) -> str:
    """What the victim is told in the end."""
    if look_alike.relay == MADE_THERE and not look_alike.desk.typed:
        page.goto(f"{look_alike.origin}/join#secret")
        page.click("#join")
        page.wait_for_url("**/sign-in")
    page.goto(f"{look_alike.origin}{look_alike.desk.sign_in_path}")
    _sign_in(page, look_alike.desk)
    told = f"#told:not([hidden]), {look_alike.desk.greeting}"
    page.wait_for_selector(told)
    return page.inner_text(told).strip()


def _sign_in(page: "Page", desk: Desk) -> None:
    for selector, text in desk.typed.items():
        page.fill(selector, text)
    page.click("#sign-in")


def _chromium() -> str:
    return os.environ.get(CHROMIUM_VARIABLE) or shutil.which("chromium") or ""


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=relayed_sign_in,
        tenants=len(RELAYS),
        missing=missing,
        each="relays",
    ),
)
