"""Pages that ask for no sign-in are not to be had under a name of somebody else's."""

import asyncio
from typing import Any

import pytest

from ringfence.api.host_guard import HostGuard


def status(*hosts: str, names: tuple[str | None, ...] = ("texts.example.com", None)) -> int:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "headers": [(b"host", host.encode("latin-1")) for host in hosts]}
    asyncio.run(HostGuard(app, names)(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8420",
        "127.0.0.1:8420",
        "[::1]:8420",
        "10.1.2.3",
        "[2001:db8::1]",
        "Texts.Example.com:443",
    ],
)
def test_addresses_localhost_and_our_own_name_are_served(host: str) -> None:
    assert status(host) == 200


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"],
        ["127.0.0.1.evil.example"],
        ["localhost.evil.example"],
        ["texts.example.com.evil.example"],
        ["127.0.0.1@evil.example"],
        ["999.1.1.1"],
        [""],
        [],
        ["localhost", "localhost"],
        ["localhost:port"],
    ],
)
def test_any_other_name_is_refused(hosts: list[str]) -> None:
    assert status(*hosts) == 403
