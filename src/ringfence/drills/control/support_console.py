"""The support console of 2022: whoever is signed in searches by number, reads, and acts as the customer."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from ringfence.drills.held_browser import HeldBrowser
from ringfence.drills.plain_http import Answer
from ringfence.drills.seeded_copy import SeededCopy
from ringfence.roles.settings import Settings


class SupportConsole:
    """A `HeldBrowser` at a console that asks nothing beside its session."""

    routes = (
        ("GET", "/search"),
        ("GET", "/accounts/{sid}/messages"),
        ("POST", "/accounts/{sid}/webhook"),
        ("POST", "/accounts/{sid}/devices"),
    )

    credential = ("support", "session")

    def __init__(self, directory: Path, copy: SeededCopy, remote: str) -> None:
        self._directory = directory
        self._copy = copy
        # Whoever is signed in reads with whom a tenant texts.
        self.inside = f"/accounts/{copy.tenants[0].sid}/messages"
        self.mark = remote
        self._tenants = {tenant.sid: tenant for tenant in copy.tenants}

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        """What it answers; 404 for a place that it does not have."""
        url = urlsplit(path)
        if (method, url.path) == ("GET", "/search"):
            return _told(self._search(parse_qs(url.query).get("number", [""])[0]))
        _, _, rest = url.path.partition("/accounts/")
        sid, _, what = rest.partition("/")
        if sid not in self._tenants:
            return Answer(status=404, body=b"")
        match method, what:
            case "GET", "messages":
                return _told({"messages": await self._copy.read(self._tenants[sid])})
            case "POST", "webhook":
                await self._copy.set_webhook(self._tenants[sid], "https://attacker.example/")
            case "POST", "devices":
                if kind != "application/json":
                    return Answer(status=415, body=b"")
                asked = msgspec.json.decode(body)
                if not {"ServiceSid", "Identity"} <= asked.keys():
                    return Answer(status=400, body=b"")
                await self._copy.add_app(self._tenants[sid], asked["ServiceSid"], asked["Identity"])
            case _:
                return Answer(status=404, body=b"")
        return _told({})

    def _search(self, number: str) -> dict[str, list[str]]:
        """Whose number it is, and the codes that went to it."""
        with contextlib.closing(sqlite3.connect(self._directory / "search.db")) as search:
            found = search.execute("SELECT account FROM number WHERE number = ?", (number,)).fetchall()
        with contextlib.closing(sqlite3.connect(self._directory / "codes.db")) as codes:
            sent = codes.execute("SELECT code FROM code WHERE number = ?", (number,)).fetchall()
        return {"accounts": [account for (account,) in found], "codes": [code for (code,) in sent]}


@contextlib.asynccontextmanager
async def support_console(settings: Settings, copy: SeededCopy) -> AsyncIterator[HeldBrowser]:
    """It, over the control's files."""
    text, *_ = await copy.read(copy.tenants[0])
    yield SupportConsole(settings.kms_dir, copy, text.partition(" ")[0])


def _told(what: object) -> Answer:
    return Answer(status=200, body=msgspec.json.encode(what))
