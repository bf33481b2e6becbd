"""A certificate's private key is let go of with its connection, a minute after the last push by it."""

import asyncio
import ssl
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.carriers.push.signings import APPLES
from tests.unit.http.h2_server import pair

from ringfence.domain.push_credential import PushSecret
from ringfence.http.egress_guard import EgressGuard, development
from ringfence.http.http2_client import Http2Client
from ringfence.roles import apple_clients
from ringfence.roles.apple_clients import CLIENTS_MAX, AppleClients


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clients that were ended, in order."""
    found: list[Any] = []
    monkeypatch.setattr(Http2Client, "end", lambda self: found.append(self))
    return found


@pytest.fixture(scope="module")
def signing() -> Any:
    certificate, key = pair("owl.example")
    return replace(APPLES, secret=PushSecret(certificate=certificate, private_key=key))


def test_one_credential_has_one_client_until_it_changes(run: Any, ended: list[Any], signing: Any) -> None:
    async def story() -> None:
        clients = AppleClients(EgressGuard(development()))
        first = clients.of(signing)
        assert clients.of(signing) is first
        second = clients.of(replace(signing, changed_ms=2))
        assert second is not first
        # The former one may be sending: its own time ends it.
        assert ended == []
        clients.end()
        assert {first, second} <= set(ended)

    run(story())


def test_a_client_that_nobody_asked_for_is_ended_and_let_go(
    run: Any, ended: list[Any], signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert apple_clients.KEPT_S == 60
    monkeypatch.setattr(apple_clients, "KEPT_S", 0)

    async def story() -> None:
        clients = AppleClients(EgressGuard(development()))
        former, present = clients.of(signing), clients.of(replace(signing, changed_ms=2))
        for _ in range(100):
            await asyncio.sleep(0)
        assert set(ended) == {former, present}
        assert not clients._own
        assert not clients._alive
        assert clients.of(signing) not in ended

    run(story())


def test_many_certificates_cut_no_push_off(
    run: Any, ended: list[Any], signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is loaded into a context is another matter, and slow.
    monkeypatch.setattr(apple_clients, "load_certificate", lambda *_: None)
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    async def story() -> None:
        clients = AppleClients(EgressGuard(development()))
        made = [clients.of(replace(signing, sid=f"CR{number}")) for number in range(CLIENTS_MAX)]
        assert clients.of(replace(signing, sid="CR0")) is made[0]
        clients.of(replace(signing, sid="CR-more"))
        # The one that was asked for longest ago gives way, and ends by its own time.
        assert ended == []
        assert clients.of(replace(signing, sid="CR0")) is made[0]
        assert clients.of(replace(signing, sid="CR1")) is not made[1]
        clients.end()

    run(story())
