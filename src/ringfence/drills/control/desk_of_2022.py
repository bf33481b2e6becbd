"""A support console as they were in 2022: what drills of sign-ins must be able to break.

A password with a code of an app, and all that stands beside it so that nobody is locked out. A session is a signed
cookie that any browser may send for two weeks.
"""

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.responses import Response as Answer
from starlette.routing import Route

from ringfence.domain.clock import ManualClock
from ringfence.domain.totp import TotpShape, code_at, new_secret, step_at
from ringfence.drills.staff_browser import Request, Response, answer_of
from ringfence.drills.staff_desk import INSIDE, LEFT_OPEN, STOLEN

SHAPE = TotpShape()
COOKIE = "session"
PAGE = """<!doctype html><title>Support</title><form method=post action=/login><input id=name name=name>
<input id=password name=password type=password><input id=code name=code><button id=sign-in>Sign in</button></form>"""
LIFE_MS = 14 * 86_400_000


class DeskOf2022:
    """`drills.staff_desk.Desk`, with one clerk."""

    inside = INSIDE
    sign_in_path = "/login"
    greeting = "pre"

    def __init__(self, port: int) -> None:
        self.origin = f"http://support.localhost:{port}"
        self.clock = ManualClock()
        self.canary = secrets.token_hex(16)
        self._signs = secrets.token_bytes(32)
        self._known = {each: secrets.token_hex(8) for each in STOLEN}
        self._app_secret = new_secret(SHAPE.alg)
        self._people = {self._known["name"]: self._known["password"]}
        self.app = Starlette(
            routes=[
                Route("/login", self._login_page, methods=["GET"]),
                Route("/login", self._login, methods=["POST"]),
                Route("/v1/login", self._old_login, methods=["POST"]),
                Route("/login/text", self._by_text, methods=["POST"]),
                Route("/login/mail", self._by_mail, methods=["GET"]),
                Route("/saml", self._by_saml, methods=["POST"]),
                Route("/reset", self._reset, methods=["POST"]),
                Route("/enrol", self._enrol, methods=["POST"]),
                Route(INSIDE, self._inside, methods=["GET"]),
            ]
        )

    @property
    def stolen(self) -> Mapping[str, str]:
        return self._known | {"code": self.code()}

    @property
    def routes(self) -> Sequence[tuple[str, str]]:
        return [
            (method, route.path)
            for route in self.app.routes
            if isinstance(route, Route)
            for method in route.methods or ()
        ]

    @property
    def typed(self) -> Mapping[str, str]:
        return {"#name": self._known["name"], "#password": self._known["password"], "#code": self.code()}

    async def link(self) -> str:
        return ""

    def code(self) -> str:
        """What the clerk's app shows now."""
        return code_at(self._app_secret, step_at(self.clock.now_ms(), SHAPE), SHAPE)

    async def member(self) -> "Clerk":
        clerk = Clerk(self)
        await clerk.sign_in(self._known["name"], self._known["password"])
        return clerk

    async def hijack(self, way: str) -> Response:
        """Links are good for good, for whatever they are used with; a session is as fresh as any; clerks are kind."""
        attacker = Clerk(self)
        headers = {}
        if way == LEFT_OPEN:
            headers = {"cookie": (await self.member()).cookie}
        link = secrets.token_hex(8)
        values = {"name": "mallory", "password": link, "token": self._known["mail"]}
        await attacker.post("/enrol", values, headers)
        await attacker.sign_in("mallory", link)
        return await attacker.page(INSIDE)

    async def _login_page(self, asked: Asked) -> Answer:
        return HTMLResponse(PAGE)

    async def _login(self, asked: Asked) -> Answer:
        sent = await _values(asked)
        right = self._people.get(sent.get("name", "")) == sent.get("password") and sent.get("code") == self.code()
        return self._session() if right else _refused()

    async def _old_login(self, asked: Asked) -> Answer:
        sent = await _values(asked)
        return self._session() if self._people.get(sent.get("name", "")) == sent.get("password") else _refused()

    async def _by_text(self, asked: Asked) -> Answer:
        return self._session() if (await _values(asked)).get("text") == self._known["text"] else _refused()

    async def _by_mail(self, asked: Asked) -> Answer:
        return self._session() if asked.query_params.get("token") == self._known["mail"] else _refused()

    async def _by_saml(self, asked: Asked) -> Answer:
        return self._session() if (await _values(asked)).get("assertion") == self._known["assertion"] else _refused()

    async def _reset(self, asked: Asked) -> Answer:
        return self._session() if (await _values(asked)).get("answer") == self._known["answer"] else _refused()

    async def _enrol(self, asked: Asked) -> Answer:
        sent = await _values(asked)
        self._people[sent.get("name", "")] = sent.get("password", "")
        return PlainTextResponse("welcome\n")

    async def _inside(self, asked: Asked) -> Answer:
        known = (
            self._is_session(asked.cookies.get(COOKIE, ""))
            or asked.cookies.get("remember") == self._known["remember"]
            or asked.headers.get("authorization") == f"Bearer {self._known['bearer']}"
            or asked.headers.get("x-forwarded-user") == self._known["name"]
        )
        return PlainTextResponse(self.canary) if known else _refused()

    def _session(self) -> Answer:
        until = str(self.clock.now_ms() + LIFE_MS)
        answer = PlainTextResponse("welcome\n")
        answer.set_cookie(COOKIE, f"{until}.{self._signed(until)}")
        return answer

    def _is_session(self, cookie: str) -> bool:
        until, _, signature = cookie.partition(".")
        return signature == self._signed(until) and int(until) > self.clock.now_ms()

    def _signed(self, text: str) -> str:
        return hmac.new(self._signs, text.encode(), hashlib.sha256).hexdigest()

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, folder: Path, port: int = 8421) -> AsyncIterator["DeskOf2022"]:
        """It keeps nothing in the folder."""
        yield cls(port)


class Clerk:
    """`drills.staff_desk.Person` at that console."""

    def __init__(self, desk: DeskOf2022) -> None:
        self._desk = desk
        self.cookie = ""
        self.sent: list[Request] = []

    async def sign_in(self, name: str, password: str) -> None:
        await self.post("/login", {"name": name, "password": password, "code": self._desk.code()})

    async def sign_out(self) -> None:
        """The browser forgets. The server has nothing to forget."""
        self.cookie = ""

    async def page(self, path: str) -> Response:
        return await self._send("GET", path, {"cookie": self.cookie}, b"")

    async def post(self, path: str, values: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Response:
        body = "&".join(f"{name}={value}" for name, value in values.items()).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        return await self._send("POST", path, form | dict(headers or {}), body)

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        host = {"host": urlsplit(self._desk.origin).netloc}
        request = Request(method, f"{self._desk.origin}{path}", host | headers, body)
        self.sent.append(request)
        response = await answer_of(self._desk.app, request)
        for name, value in response.fields:
            if name == "set-cookie":
                self.cookie = value.partition(";")[0]
        return response


def _refused() -> Answer:
    return PlainTextResponse("no\n", 401)


async def _values(asked: Asked) -> Mapping[str, str]:
    """Of a form or of JSON."""
    if asked.headers.get("content-type") == "application/json":
        return dict(await asked.json())
    return dict(part.split("=", 1) for part in (await asked.body()).decode().split("&") if "=" in part)
