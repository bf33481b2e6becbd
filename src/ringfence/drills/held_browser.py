"""A browser in which staff have signed in, held by somebody who asks both consoles for whatever he likes."""

import asyncio
import contextlib
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from ringfence.console.operator.staff_rows import StaffMember, keep_member
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import cookie_name
from ringfence.console.sessions import Sessions
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES
from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.drills.plain_http import Answer
from ringfence.drills.seeded_copy import SeededCopy
from ringfence.drills.staff_browser import Request, SessionKey, answer_of
from ringfence.drills.staff_desk import INSIDE
from ringfence.roles import console
from ringfence.roles.console_storage import open_console_storage
from ringfence.roles.process import RoleProcess
from ringfence.roles.settings import Settings

ENDED = 401
SERVED_WITHIN_S = 20.0


class HeldBrowser(Protocol):
    """`routes` are all that the console serves: method, and path with its variables in braces.

    `mark` stands in what staff see at the path `inside`, and in no request of theirs.
    """

    inside: str
    mark: str

    @property
    def routes(self) -> Sequence[tuple[str, str]]: ...

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        """What the console answers. `path` may have a query."""

    @property
    def credential(self) -> tuple[str, str]:
        """The session as a user name and a password, for places that ask for those."""


async def check_signed_in(browser: HeldBrowser) -> None:
    """Raise AssertionError where the browser does not see what staff see: nobody's session reaches nothing anywhere."""
    answer = await browser.ask("GET", browser.inside)
    if browser.mark.encode() not in answer.body:
        raise AssertionError(f"staff's own page was answered by {answer.status}: this drill would prove nothing")


class SignedBrowser:
    """Ours: a cookie, and a signature over each request, shown to both consoles.

    A session that has ended is begun anew. The operator's console is the first of `origins`.
    """

    inside = INSIDE

    def __init__(self, app: ASGIApp, origins: Sequence[str], sessions: Sessions, member: StaffMember) -> None:
        self.mark = member.name
        self.routes = sorted(set(_routes(app)))
        self._app = app
        self._origins = origins
        self._sessions = sessions
        self._person = member.id

    async def sign_in(self) -> None:
        """A session such as one who has just shown a passkey gets; the attacker has its key too."""
        self._key = SessionKey()
        key = msgspec.convert(self._key.jwk, PublicJwk)
        session, self._cookie = self._sessions.new("staff", self._person, "", key)
        self._name = cookie_name(self._origins[0])
        self.credential = (session.id, self._cookie)
        await self._sessions.keep(session, self._cookie)

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        answer = await self._ask(self._origins[0], method, path, body, kind)
        if answer.status == ENDED:
            await self.sign_in()
            answer = await self._ask(self._origins[0], method, path, body, kind)
        others = [await self._ask(origin, method, path, body, kind) for origin in self._origins[1:]]
        return Answer(status=answer.status, body=b"\n".join(each.body for each in (answer, *others)))

    async def _ask(self, origin: str, method: str, path: str, body: bytes, kind: str) -> Answer:
        url = f"{origin}{path}"
        headers = {"host": urlsplit(url).netloc, "origin": origin, "cookie": f"{self._name}={self._cookie}"}
        headers |= self._key.headers(method, url, body, int(time.time()))
        if body:
            headers["content-type"] = kind
        came = await answer_of(self._app, Request(method, url, headers, body))
        fields = "\n".join(": ".join(field) for field in came.fields)
        return Answer(status=came.status_code, body=fields.encode() + b"\n\n" + came.content)


@contextlib.asynccontextmanager
async def signed_browser(settings: Settings, _copy: SeededCopy) -> AsyncIterator[HeldBrowser]:
    """Ours at the consoles' role of a running installation, which is served in this process so that its routes show."""
    made: list[ASGIApp] = []
    with _seen(made), socket.create_server(("127.0.0.1", 0)) as listener:
        at = msgspec.structs.replace(settings, console_port=listener.getsockname()[1])
        storage = await open_console_storage(at)
        serving = asyncio.create_task(console.run(at, RoleProcess("console", at, listeners=[listener])))
        try:
            async with asyncio.timeout(SERVED_WITHIN_S):
                while not made and not serving.done():  # noqa: ASYNC110 - the role tells its supervisor alone
                    await asyncio.sleep(0.01)
            clock = SystemClock()
            now_ms = clock.now_ms()
            # Whoever is attacked may do all that there is to be done.
            member = StaffMember(
                id=new_sid("ST", now_ms),
                handle=os.urandom(32),
                name=secrets.token_hex(16),
                made_ms=now_ms,
                active_ms=now_ms,
                invited_by="terminal",
                approved_by="terminal",
                roles=ALL_STAFF_ROLES,
            )
            await storage.run(lambda db: keep_member(db, member))
            browser = SignedBrowser(made[0], (at.operator_origin, at.tenant_origin), Sessions(storage, clock), member)
            await browser.sign_in()
            yield browser
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await storage.close()


@contextlib.contextmanager
def _seen(made: list[ASGIApp]) -> Iterator[None]:
    """The app that the role composes is kept in `made` too."""
    names = vars(console)
    create = names["create_console"]

    def create_and_keep(*given: Any) -> ASGIApp:
        made.append(create(*given))
        return made[-1]

    names["create_console"] = create_and_keep
    try:
        yield
    finally:
        names["create_console"] = create


def _routes(app: object, seen: frozenset[int] = frozenset()) -> Iterator[tuple[str, str]]:
    """Every route within an app, however it is wrapped: of both consoles, whichever host they are for."""
    if id(app) in seen:
        return
    seen |= {id(app)}
    for route in getattr(app, "routes", ()):
        if isinstance(route, Route):
            yield from ((method, route.path) for method in route.methods or ())
        elif isinstance(route, BaseRoute):
            yield from _routes(route, seen)
    for value in vars(app).values() if hasattr(app, "__dict__") else ():
        for inner in value.values() if isinstance(value, dict) else (value,):
            if callable(inner) and type(inner).__module__.startswith(("ringfence.", "starlette.applications")):
                yield from _routes(inner, seen)
