"""An installation with tenants, and the attacker at it with the browser of a member of staff who is signed in."""

import asyncio
import contextlib
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from ringfence.api.app import operations, own_operations
from ringfence.api.resource import CORE
from ringfence.drills.design import Design
from ringfence.drills.held_browser import HeldBrowser, check_signed_in, signed_browser
from ringfence.drills.key_process import apart
from ringfence.drills.operators_tenants import created, invited
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant
from ringfence.roles.settings import Settings

AT_ONCE = 32
SERVED = 200
# Nobody holds the key service up here; a thousand accounts at once may.
ANSWER_WITHIN_S = 60.0
METHODS = ("POST", "PUT", "PATCH", "DELETE")
VARIABLE = re.compile(r"\{[^}]*\}")

Rows = tuple[tuple[str, str], ...]


class StaffAttack:
    """What the attacker asked and what came. `served` of those `asked` were answered as to staff.

    `links` is what the terminal showed to staff of each invitation, by the account that was made by it.
    """

    def __init__(self, copy: SeededCopy, browser: HeldBrowser, settings: Settings, links: Mapping[str, str]) -> None:
        self.copy = copy
        self.browser = browser
        self.settings = settings
        self.asked = 0
        self.served = 0
        self.links = links
        self.seen: set[bytes] = {told.encode() for told in links.values()}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        """One request to the consoles."""
        async with self._turns:
            answer = await self.browser.ask(method, path, body, kind)
        self.asked += 1
        self.served += answer.status == SERVED
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
                yield VARIABLE.sub(lambda _, name=name: quote(name), path)  # type: ignore[misc]


def api_routes() -> Iterator[tuple[str, str]]:
    """Method and path of every operation of the API, with its variables in braces."""
    for operation in (*operations(), *own_operations()):
        prefix = "" if operation.product == CORE else f"/{operation.product}"
        end = ".json" if operation.product == CORE else ""
        yield operation.method, f"{prefix}{operation.path}{end}"


def played(
    design: Design, tenants: int, drill: str, attack: Callable[[StaffAttack], Awaitable[tuple[int, Rows]]]
) -> Finding:
    """What an attack on an installation with so many tenants found: how many it reached, and its rows.

    AssertionError where the browser is not signed in, before the attack or after it.
    """
    started = time.monotonic()

    async def story(folder: Path) -> tuple[int, Rows]:
        async with _signed_in(folder, design, tenants) as one:
            await check_signed_in(one.browser)
            reached, rows = await attack(one)
            # An attack at whose end it is nobody's browser any more was not one of staff's.
            await check_signed_in(one.browser)
            return reached, (*rows, ("requests to the consoles answered with 200", f"{one.served}"))

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
async def _signed_in(folder: Path, design: Design, tenants: int) -> AsyncIterator[StaffAttack]:
    """Tenants with a text each, on their way, in an installation with an API; and the browser.

    One of them an operator has made at the terminal, and where there are several another has used an operator's link.
    """
    async with apart(folder, design, ("kms", "api"), answer_within_s=ANSWER_WITHIN_S) as (copy, _, settings):
        await copy.adopt_tenant(*await created(settings), index=tenants - 1)
        links = {}
        if tenants > 1:
            account, told = await invited(settings)
            await copy.adopt_tenant(account.sid, account.auth_token, index=tenants - 2)
            copy.canaries.learn_secret(" ".join(account.recovery_kit).encode(), account.sid, "recovery kit")
            links[account.sid] = told
        await copy.add_tenants(tenants - 1 - len(links))
        for start in range(0, tenants, AT_ONCE):
            await asyncio.gather(*(copy.send(tenant, "body") for tenant in copy.tenants[start : start + AT_ONCE]))
        async with (design.held_browser or signed_browser)(settings, copy) as browser:
            yield StaffAttack(copy, browser, settings, links)
