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
from collections import Counter
from pathlib import Path
from urllib.parse import quote, urlencode

import msgspec

from ringfence.domain.verify_service import VerifyService
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.kept_http import KeptHttp
from ringfence.drills.operators_tenants import MADE, taken_again
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy
from ringfence.drills.staff_attack import METHODS, VARIABLE, Rows, StaffAttack, api_routes, played
from ringfence.usecases.verify.start_request import StartRequest

CRAWL, CRAWL_TITLE = "D05", "a session of staff crawls both consoles and the API"
SEARCH, SEARCH_TITLE = "D06", "numbers looked up by staff, and codes that were sent to them"
ACTING, ACTING_TITLE = "D07", "staff act as the customer"
# Of 2022: three users of a messenger, and 38 others whose numbers were searched for.
NUMBERS = 41
DIGITS = 10
# Names under which a search, an inclusion or an export might have been left in.
_ASKED = ("q", "query", "search", "number", "phone", "To", "From", "account", "AccountSid", "sid")
_WIDER = {"include": "messages,content,body", "expand": "all", "format": "csv", "export": "1", "PageSize": "1000"}
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


def crawl(design: Design, tenants: int, database: str = "") -> Finding:
    """D05. A tenant is reached where a canary of its content or secrets came back, or whose link was taken again."""

    async def attack(one: StaffAttack) -> tuple[int, Rows]:
        api = list(api_routes())
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
                    where = VARIABLE.sub(messages[0] if messages else tenant.sid, where)
                    form: dict[str, str] | None = {} if method == "POST" else None
                    answer = await http.ask(method, where, form, basic=one.browser.credential)
                    one.seen.add(answer.body)
                    answers[answer.status] += 1
        again = await taken_again(one.settings, one.links)
        one.seen |= {answer.body for answer in again.values()}
        retaken = {sid for sid, answer in again.items() if answer.status == MADE}
        found = one.copy.canaries.found_in(b"\n".join(one.seen))
        kinds = ", ".join(sorted({kind for _, kind in found})) or "none"
        rows = (
            ("routes of the consoles, requests", f"{len(one.browser.routes)}, {one.asked}"),
            (
                "routes of the API, answers",
                f"{len(api)}, {', '.join(f'{n} times {status}' for status, n in answers.items())}",
            ),
            ("links of invitations seen, taken again", f"{len(again)}, {len(retaken)}"),
            ("kinds found", kinds),
        )
        return len({sid for sid, _ in found} | retaken), rows

    return played(design, tenants, CRAWL, attack)


def number_search(design: Design, tenants: int, database: str = "") -> Finding:
    """D06. A number is reached where an answer about it differs from that about a number nobody has, or a code came."""

    async def attack(one: StaffAttack) -> tuple[int, Rows]:
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

    return played(design, tenants, SEARCH, attack)


def acting(design: Design, tenants: int, database: str = "") -> Finding:
    """D07. A tenant is reached where anything of its account, its credentials or its numbers is not as it was."""

    async def attack(one: StaffAttack) -> tuple[int, Rows]:
        before = _states(one.settings.data_dir)
        forms = (
            (msgspec.json.encode(_CHANGES), "application/json"),
            (urlencode(_CHANGES).encode(), "application/x-www-form-urlencoded"),
        )
        api = [(method, path) for method, path in api_routes() if method != "GET"]
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
                        where = VARIABLE.sub(tenant.sid, path)
                        await http.ask(method, where, {"FriendlyName": "owned"}, basic=one.browser.credential)
                        one.asked += 1
        after = _states(one.settings.data_dir)
        changed = [tenant.sid for tenant in one.copy.tenants if before[tenant.sid] != after.get(tenant.sid)]
        return len(changed), (("requests that would change something", f"{one.asked}"),)

    return played(design, tenants, ACTING, attack)


_MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"


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


async def _about(one: StaffAttack, path: str, number: str) -> bytes:
    """What one place of the consoles says of a number, in its path and in its query."""
    where = VARIABLE.sub(quote(number), path)
    return await one.ask("GET", f"{where}?{urlencode(dict.fromkeys(_ASKED, number) | _WIDER)}")


def _without(answer: bytes, number: str) -> bytes:
    """An answer without the number that was asked, and without what differs between any two answers."""
    for written in (number, quote(number), number[1:]):
        answer = answer.replace(written.encode(), b"N")
    # A page's version is a keyed hash of its rows, of which sessions have the time of the last request.
    return re.sub(rb'data-version="[0-9a-f]+"|ringfence-now: \d+|\d\d:\d\d:\d\d|[A-Z]{2}[0-9a-f]{32}', b"", answer)


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
