"""D03: every route of the operator's console, asked with everything but a passkey. None may let anybody in.

The attacker has what phishing brings in: a member's password, codes, links, cookies and tokens, and knows the router.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.staff_browser import Request, Response, SessionKey, answer_of
from ringfence.drills.staff_desk import INSIDE, STOLEN, Desk

DRILL: Final = "D03"
TITLE: Final = "staff sign-ins without a passkey, by every route there is"
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS")
# Where consoles keep such doors, whether a router names them or not.
USUAL_PATHS: Final = (
    *("/login", "/v1/login", "/login/text", "/login/mail", "/saml", "/reset", "/oauth/token", "/api/session"),
    *("/admin", "/.well-known/change-password", "//staff", "/staff/", "/%73taff", "/STAFF", "/sign-in/../staff"),
    "/assets/../staff",
)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What an attacker sends in the place of a passkey."""

    name: str
    values: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


def ways(stolen: Mapping[str, str]) -> Sequence[Way]:
    """The ways in, with what was stolen: the same in both builds, so that what opens one is tried on the other."""
    who = {"name": stolen["name"]}
    return [
        Way(name="password and code of an app", values=who | {"password": stolen["password"], "code": stolen["code"]}),
        Way(name="password alone, as before the app", values=who | {"password": stolen["password"]}),
        Way(name="code by text", values=who | {"text": stolen["text"]}),
        Way(name="link in a mail", values={"token": stolen["mail"]}),
        Way(name="cookie of a browser that is remembered", headers={"cookie": f"remember={stolen['remember']}"}),
        Way(name="an identity provider's word that nobody asked for", values={"assertion": stolen["assertion"]}),
        Way(name="API token as a bearer", headers={"authorization": f"Bearer {stolen['bearer']}"}),
        Way(name="header of a proxy in front", headers={"x-forwarded-user": stolen["name"]}),
        Way(name="answers to questions", values=who | {"answer": stolen["answer"], "new_password": "x" * 12}),
    ]


TOTAL: Final = len(ways(dict.fromkeys(STOLEN, "")))


def downgrade_hunt(design: Design, tenants: int, database: str = "") -> Finding:
    """Try so many ways, on every route. Counted are ways after which the attacker has seen a page for staff."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        opened, asked = asyncio.run(_hunt(design, Path(folder), min(tenants, TOTAL)))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=min(tenants, TOTAL),
        reached=opened,
        seconds=time.perf_counter() - began,
        rows=(("requests", f"{asked}"),),
    )


async def _hunt(design: Design, folder: Path, count: int) -> tuple[int, int]:
    opened = asked = 0
    async with design.staff_desk(folder) as desk:
        await desk.member()
        paths = sorted({path for _, path in desk.routes} | set(USUAL_PATHS))
        for way in ways(desk.stolen)[:count]:
            seen = False
            for request in _requests(desk, way, paths):
                asked += 1
                seen = seen or await _lets_in(desk, request)
            opened += seen
    return opened, asked


def _requests(desk: Desk, way: Way, paths: Sequence[str]) -> Iterator[Request]:
    headers = {"host": urlsplit(desk.origin).netloc, "origin": desk.origin, **way.headers}
    override = {"x-http-method-override": "GET", "x-original-url": INSIDE}
    bodies: list[tuple[str, dict[str, str], bytes]] = [("", {}, b""), ("", override, b"")]
    if way.values:
        bodies = [
            (f"?{urlencode(way.values)}", {}, b""),
            ("", {"content-type": "application/json"}, json.dumps(way.values).encode()),
            ("", {"content-type": "application/x-www-form-urlencoded"}, urlencode(way.values).encode()),
        ]
    for path in paths:
        for method in METHODS:
            for query, more, body in bodies:
                yield Request(method, f"{desk.origin}{path}{query}", headers | more, body)


async def _lets_in(desk: Desk, request: Request) -> bool:
    """Whether what comes back shows the canary, or brings a cookie that does."""
    response = await answer_of(desk.app, request)
    return _has(desk, response) or any(_has(desk, each) for each in await _with_cookies(desk, response))


async def _with_cookies(desk: Desk, response: Response) -> Sequence[Response]:
    cookies = [value.partition(";")[0] for name, value in response.fields if name == "set-cookie"]
    key, target = SessionKey(), f"{desk.origin}{INSIDE}"
    found: list[Any] = []
    for cookie in cookies:
        headers = {"host": urlsplit(desk.origin).netloc, "cookie": cookie}
        headers |= key.headers("GET", target, b"", desk.clock.now_ms() // 1_000)
        found.append(await answer_of(desk.app, Request("GET", target, headers)))
    return found


def _has(desk: Desk, response: Response) -> bool:
    return desk.canary.encode() in response.content


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=downgrade_hunt,
        tenants=TOTAL,
        each="ways",
    ),
)
