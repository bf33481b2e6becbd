"""Whose failures to sign in are counted together, and that a secret tells nobody by them that it is right."""

import base64
import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.api.admission import TooManyRequestsError
from ringfence.api.auth import Authenticator
from ringfence.api.frozen import FrozenCredentials
from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.ports.freezes import PLATFORM, FreezeRow
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.react import Reactions

AC, SK, SECRET = "AC" + "a" * 32, "SK" + "b" * 32, "the right one"
ACCOUNT = AccountRow(sid=AC, tenant=AC, friendly_name="Acme", created_ms=0, updated_ms=0)
TOKEN = CredentialRow(
    account=AC, sid=AC, kind="auth_token", verifier=b"v" * 32, hmac_states=b"s", created_ms=0, updated_ms=0
)


def authenticator(clock: ManualClock, store: MemoryStore, **more: int) -> Authenticator:
    reactions = Reactions(store, clock, None)
    return Authenticator(store, clock, frozen=FrozenCredentials(store, clock), reactions=reactions, **more)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", False),
        ("a socket", "a socket", False),
    ],
)
def test_an_ipv4_address_or_an_ipv6_network_is_one_client(
    run: object, clock: ManualClock, one: str, other: str, together: bool
) -> None:
    auth = authenticator(clock, MemoryStore(), failures_of_address=1)

    def code_of(client: str) -> int:
        with pytest.raises(ApiError) as refused:
            run(auth.present(None, client))  # type: ignore[operator]
        assert isinstance(refused.value, TooManyRequestsError) is (refused.value.code == 20429)
        return refused.value.code

    assert code_of(one) == 20003
    assert code_of(other) == (20429 if together else 20003)


@pytest.mark.parametrize(
    ("secret", "limits"),
    [("a wrong one", {}), (SECRET, {"canary": True}), (SECRET, {"networks": "203.0.113.0/24"})],
    ids=["a wrong secret", "a canary", "outside its networks"],
)
def test_a_right_secret_that_signs_nobody_in_is_answered_as_often_and_alike_as_a_wrong_one(
    run: Any, clock: ManualClock, secret: str, limits: dict[str, Any]
) -> None:
    header = b"Basic " + base64.b64encode(f"{SK}:{secret}".encode())
    verifier = hashlib.sha256(SECRET.encode()).digest()
    key = CredentialRow(
        account=AC, sid=SK, kind="api_key", verifier=verifier, hmac_states=b"s", created_ms=0, updated_ms=0, **limits
    )

    async def codes() -> list[int]:
        store = MemoryStore()
        await store.create_account(ACCOUNT, TOKEN)
        await store.put_credential(key)
        auth, found = authenticator(clock, store), []
        # From an address each, so that only the account's failures add up.
        for n in range(22):
            with pytest.raises(ApiError) as refused:
                await auth.present(header, f"192.0.2.{n}")
            found.append(refused.value.code)
        return found

    assert run(codes()) == [20003] * 20 + [20429] * 2


@pytest.mark.parametrize("still", ["suspended", "its account is suspended", "frozen"])
def test_a_right_secret_that_stands_still_is_answered_as_often_and_alike_as_a_wrong_one(
    run: Any, clock: ManualClock, still: str
) -> None:
    sub = "AC" + "c" * 32
    header = b"Basic " + base64.b64encode(f"{SK}:{SECRET}".encode())
    key = CredentialRow(
        account=sub,
        sid=SK,
        kind="api_key",
        verifier=hashlib.sha256(SECRET.encode()).digest(),
        hmac_states=b"s",
        created_ms=0,
        updated_ms=0,
    )

    async def codes() -> list[int]:
        store = MemoryStore()
        parent = replace(ACCOUNT, status="suspended" if still == "its account is suspended" else "active")
        await store.create_account(parent, TOKEN)
        child = replace(ACCOUNT, sid=sub, parent=AC, status="suspended" if still == "suspended" else "active")
        await store.create_account(child, replace(TOKEN, sid=sub, account=sub))
        await store.put_credential(key)
        if still == "frozen":
            await store.put_freeze(FreezeRow(kind="key", name=SK, at_ms=0))
        auth, found = authenticator(clock, store), []
        for n in range(22):
            with pytest.raises(ApiError) as refused:
                await auth.present(header, f"192.0.2.{n}")
            found.append(refused.value.code)
        return found

    assert run(codes()) == [20003] * 20 + [20429] * 2


def test_devices_tokens_are_counted_while_everything_is_frozen(run: Any, clock: ManualClock) -> None:
    class Nobody:
        async def present(self, token: str) -> None:
            raise AssertionError("nobody is asked while everything is frozen")

    async def codes() -> list[int]:
        store = MemoryStore()
        await store.put_freeze(FreezeRow(kind=PLATFORM, name=PLATFORM, at_ms=0))
        auth, found = authenticator(clock, store, failures_of_address=3), []
        for _ in range(5):
            with pytest.raises(ApiError) as refused:
                await auth.present_device("a token", Nobody(), "192.0.2.1")  # type: ignore[arg-type]
            found.append(refused.value.code)
        return found

    assert run(codes()) == [20003] * 3 + [20429] * 2
