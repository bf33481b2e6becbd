"""Trying a console's door: what an attacker has, sent everywhere and in every form, and whether anything opens."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec
from starlette.types import ASGIApp

from ringfence.domain.clock import ManualClock
from ringfence.drills.staff_browser import Request, Response, SessionKey, answer_of

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS")
# Where consoles keep such doors, whether a router names them or not.
USUAL_PATHS: Final = (
    *("/login", "/v1/login", "/login/text", "/login/mail", "/saml", "/reset", "/oauth/token", "/api/session"),
    *("/admin", "/.well-known/change-password", "//staff", "/staff/", "/%73taff", "/STAFF", "/sign-in/../staff"),
    "/assets/../staff",
)


class Door(Protocol):
    """A console. `canary` stands on the page `inside`, for whoever has signed in."""

    app: ASGIApp
    origin: str
    clock: ManualClock
    canary: str

    @property
    def inside(self) -> str: ...


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What an attacker sends in the place of a passkey."""

    name: str
    values: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


def requests_of(
    door: Door, way: Way, key: SessionKey, paths: Sequence[str], methods: Sequence[str] = METHODS
) -> Iterator[Request]:
    """The way on each path, by each method: as a query, as JSON and as a form.

    Each has the attacker's `key` in it, as the page of a sign-in sends its browser's: a session is of that key alone.
    """
    headers = {"host": urlsplit(door.origin).netloc, "origin": door.origin, **way.headers}
    override = {"x-http-method-override": "GET", "x-original-url": door.inside}
    form = urlencode({**way.values, "key": json.dumps(key.jwk)})
    bodies: list[tuple[str, dict[str, str], bytes]] = [
        (f"?{form}", {}, b""),
        ("", {"content-type": "application/json"}, json.dumps({**way.values, "key": key.jwk}).encode()),
        ("", {"content-type": "application/x-www-form-urlencoded"}, form.encode()),
    ]
    if not way.values:
        bodies += [("", {}, b""), ("", override, b"")]
    for path in paths:
        for method in methods:
            for query, more, body in bodies:
                length = {"content-length": str(len(body))} if body else {}
                yield Request(method, f"{door.origin}{path}{query}", headers | more | length, body)


async def lets_in(door: Door, request: Request, key: SessionKey) -> bool:
    """Whether what comes back shows the canary, or brings a cookie that does, with the attacker's `key`."""
    response = await answer_of(door.app, request)
    return shows(door, response) or any(shows(door, each) for each in await _with_cookies(door, response, key))


def shows(door: Door, response: Response) -> bool:
    """Whether the canary is in it."""
    return door.canary.encode() in response.content


async def _with_cookies(door: Door, response: Response, key: SessionKey) -> Sequence[Response]:
    cookies = [value.partition(";")[0] for name, value in response.fields if name == "set-cookie"]
    target = f"{door.origin}{door.inside}"
    found: list[Any] = []
    for cookie in cookies:
        headers = {"host": urlsplit(door.origin).netloc, "cookie": cookie}
        headers |= key.headers("GET", target, b"", door.clock.now_ms() // 1_000)
        found.append(await answer_of(door.app, Request("GET", target, headers)))
    return found
