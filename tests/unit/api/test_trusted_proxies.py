"""Whose word about the client is believed: that of the operator's proxies, and nobody else's."""

import asyncio
import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.trusted_proxies import HOPS_MAX, TrustedProxies, parse_networks

PROXIES = ["10.0.0.0/8", "2001:db8::7"]


def seen(
    peer: str | None, *headers: tuple[str, str], proxies: list[str] = PROXIES, kind: str = "http"
) -> tuple[str | None, str]:
    """Client and scheme that the app sees."""
    found: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    async def nothing(*_: Any) -> Any:
        return None

    scope = {
        "type": kind,
        "scheme": "http",
        "client": (peer, 4711) if peer else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    asyncio.run(TrustedProxies(app, parse_networks(proxies))(scope, nothing, nothing))
    return (found["client"] or (None,))[0], found["scheme"]


FOR, PROTO = "X-Forwarded-For", "X-Forwarded-Proto"


def test_a_trusted_proxy_says_who_asks_and_by_which_scheme() -> None:
    assert seen("10.0.0.7", (FOR, "203.0.113.9"), (PROTO, "https")) == ("203.0.113.9", "https")
    assert seen("2001:db8::7", (FOR, "2001:db8:1::1"), (PROTO, "HTTPS")) == ("2001:db8:1::1", "https")
    assert seen("::ffff:10.0.0.7", (FOR, "203.0.113.9")) == ("203.0.113.9", "http")


@pytest.mark.parametrize("peer", ["203.0.113.1", "11.0.0.1", "2001:db8::8", "testclient", None])
def test_of_anybody_else_both_headers_are_ignored(peer: str | None) -> None:
    assert seen(peer, (FOR, "203.0.113.9"), (PROTO, "https")) == (peer, "http")


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ("made up, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, made up, 10.1.1.1", "10.1.1.1"),
        ("203.0.113.9:5555", "203.0.113.9"),
        ("[2001:db8:1::1]:5555", "2001:db8:1::1"),
        ("[2001:db8:1::1]", "2001:db8:1::1"),
        ("unknown", "10.0.0.7"),
        ("", "10.0.0.7"),
    ],
)
def test_the_last_address_counts_that_no_proxy_has(forwarded: str, client: str) -> None:
    assert seen("10.0.0.7", (FOR, forwarded))[0] == client


def test_several_headers_are_one_list() -> None:
    assert seen("10.0.0.7", (FOR, "198.51.100.1"), (FOR, "203.0.113.9, 10.1.1.1"))[0] == "203.0.113.9"


@pytest.mark.parametrize(("told", "scheme"), [("http, https", "https"), ("https, http", "http"), ("gopher", "http")])
def test_the_scheme_is_what_the_nearest_proxy_says(told: str, scheme: str) -> None:
    assert seen("10.0.0.7", (PROTO, told))[1] == scheme


def test_a_list_without_end_is_not_walked() -> None:
    assert seen("10.0.0.7", (FOR, ", ".join(["203.0.113.9", *["10.1.1.1"] * HOPS_MAX])))[0] == "10.1.1.1"


def test_what_is_no_request_passes_untouched() -> None:
    assert seen("10.0.0.7", (FOR, "203.0.113.9"), kind="lifespan")[0] == "10.0.0.7"


@given(st.lists(st.ip_addresses(v=4) | st.text(max_size=12), max_size=6), st.ip_addresses(v=4))
def test_whoever_is_no_proxy_is_seen_as_himself_whatever_he_sends(claims: list[Any], real: Any) -> None:
    trusted = ipaddress.ip_network(PROXIES[0])
    forwarded = ", ".join([*map(str, claims), str(real)]).encode("latin-1", "replace").decode("latin-1")
    client, _ = seen("10.0.0.7", (FOR, forwarded))
    if real not in trusted:
        assert client == str(real)


@pytest.mark.parametrize("text", ["", "proxy.example", "10.0.0.0/33", "10.0.0"])
def test_a_proxy_is_named_by_address(text: str) -> None:
    with pytest.raises(ValueError):
        parse_networks([text])
