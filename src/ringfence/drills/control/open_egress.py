"""A webhook client that trusts: it looks whether a name's address is public, then connects to the name.

URLs are read as leniently as libraries do, one in its own way. Each reading here is one that some library has had.
"""

import contextlib
import ipaddress
import re
import socket
import unicodedata
from collections.abc import AsyncIterator, Sequence
from types import ModuleType
from urllib.parse import unquote, urljoin

from ringfence.domain.web_url import WebUrl
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, EgressPolicy, Resolver
from ringfence.ports.http import HttpClient
from ringfence.usecases.webhooks import call_webhook, event_batch

_LOCAL = re.compile(r"localhost\.?|.*\.localhost", re.IGNORECASE)


class _TrustingGuard(EgressGuard):
    """Judges one answer of the name server and connects to the next, which it does not judge. No literal is judged."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__(EgressPolicy(), resolver)
        self._resolve = resolver

    async def addresses(self, url: WebUrl, owner: str = "") -> list[str]:
        literal = _literal(url.host)
        if literal is not None:
            return [literal]
        await self._resolve(url.host)
        return await self._resolve(url.host)


@contextlib.asynccontextmanager
async def open_egress(_allow: Sequence[str], resolver: Resolver) -> AsyncIterator[HttpClient]:
    """The client, and the lenient reading of URLs in place of ours while it is open."""
    client = PooledClient(_TrustingGuard(resolver))
    with contextlib.ExitStack() as stack:
        for module in (call_webhook, event_batch):
            stack.enter_context(_replaced(module, "parse_url", _read))
        stack.enter_context(_replaced(WebUrl, "join", lambda url, reference: _read(urljoin(url.text, reference))))
        yield client
    await client.close()


@contextlib.contextmanager
def _replaced(owner: ModuleType | type, name: str, value: object):  # type: ignore[no-untyped-def]
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _read(text: str, **_: int) -> WebUrl:
    rest = re.sub(r"^[^:]*:(//)?", "", text)
    authority, _slash, path = rest.partition("/")
    named = unicodedata.normalize("NFKC", unquote(authority.rpartition("@")[2])).replace("\u3002", ".")
    host, _colon, port = named.rpartition(":")
    return WebUrl(
        text=f"http://{host}:{port}/{path}",
        scheme="http",
        host=host.strip("[]").partition("%")[0],
        port=int(port),
        target=f"/{path}".partition("#")[0],
        host_header="internal",
    )


def _literal(host: str) -> str | None:
    if _LOCAL.fullmatch(host):
        return "127.0.0.1"
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    with contextlib.suppress(OSError):
        # As the C library reads it: 127.1, 0x7f.1 and 2130706433 are addresses.
        return socket.inet_ntoa(socket.inet_aton(host.removesuffix(".")))
    return None
