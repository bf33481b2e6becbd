"""The stores under contract, and rows to put in them. Tests here are coroutines; their `store` is open."""

import asyncio
import inspect
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain import call
from ringfence.domain.message import Direction, Status
from ringfence.ports.calls import CallRow
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow, NumberRow, Store
from ringfence.store.memory import MemoryStore
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_000_000
ACCOUNT = "AC" + "a" * 32
OTHER = "AC" + "b" * 32
SENDER = "+12025550123"
CARRIER = "simulator"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Run a coroutine test in a loop of its own, within 30 seconds, its `store` open around it."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}

    async def story() -> None:
        store = wanted.get("store")
        if store is None:
            await pyfuncitem.obj(**wanted)
            return
        await store.open()
        try:
            await pyfuncitem.obj(**wanted)
        finally:
            await store.close()

    async def bounded() -> None:
        await asyncio.wait_for(story(), 30)

    asyncio.run(bounded())
    return True


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A fresh store of each kind."""
    if request.param == "memory":
        return MemoryStore()
    if request.param == "sqlite":
        return SqliteStore(tmp_path / "ringfence.db")
    return PostgresStore(request.getfixturevalue("postgres_url"))


@pytest.fixture
def text() -> Callable[..., MessageRow]:
    """Make a queued outbound text; each is a millisecond younger than the one before."""
    made = count(1)

    def make(**overrides: Any) -> MessageRow:
        n = next(made)
        fields: dict[str, Any] = {
            "account": ACCOUNT,
            "sid": f"SM{n:032x}",
            "direction": Direction.OUTBOUND_API,
            "status": Status.QUEUED,
            "local": SENDER,
            "remote_index": b"remote-index-%03d" % (n % 1000),
            "remote_region": "US",
            "epoch": 7,
            "content": b"sealed %d" % n,
            "num_segments": 1,
            "created_ms": NOW + n,
            "carrier": CARRIER,
        }
        fields.update(overrides)
        fields.setdefault("updated_ms", fields["created_ms"])
        return MessageRow(**fields)

    return make


@pytest.fixture
def ring() -> Callable[..., CallRow]:
    """Make a queued outbound call that waits for a voice process; each is a millisecond younger than the one before."""
    made = count(1)

    def make(**overrides: Any) -> CallRow:
        n = next(made)
        fields: dict[str, Any] = {
            "account": ACCOUNT,
            "sid": f"CA{n:032x}",
            "direction": call.Direction.OUTBOUND_API,
            "status": call.Status.QUEUED,
            "local": SENDER,
            "remote_index": b"remote-index-%03d" % (n % 1000),
            "remote_region": "US",
            "epoch": 7,
            "content": b"sealed %d" % n,
            "created_ms": NOW + n,
        }
        fields.update(overrides)
        fields.setdefault("updated_ms", fields["created_ms"])
        return CallRow(**fields)

    return make


@pytest.fixture
def account() -> Callable[..., tuple[AccountRow, CredentialRow]]:
    """Make an account with its Auth Token's credential."""

    def make(sid: str = ACCOUNT, tenant: str | None = None, created_ms: int = NOW) -> tuple[AccountRow, CredentialRow]:
        parent = tenant if tenant != sid else None
        row = AccountRow(
            sid=sid,
            tenant=tenant or sid,
            parent=parent,
            friendly_name="Fade & Co",
            created_ms=created_ms,
            updated_ms=created_ms,
        )
        return row, CredentialRow(
            account=sid,
            sid=sid,
            kind="auth_token",
            verifier=b"v" * 32,
            hmac_states=b"sealed states",
            created_ms=created_ms,
            updated_ms=created_ms,
        )

    return make


@pytest.fixture
def owned() -> Callable[..., NumberRow]:
    """Make an owned number; each is a millisecond younger than the one before."""
    made = count(1)

    def make(number: str = SENDER, **overrides: Any) -> NumberRow:
        n = next(made)
        fields: dict[str, Any] = {
            "account": ACCOUNT,
            "sid": f"PN{n:032x}",
            "number": number,
            "friendly_name": number,
            "kind": "local",
            "region": "US",
            "capabilities": frozenset({"sms", "voice"}),
            "standing": b"sealed",
            "created_ms": NOW + n,
            "updated_ms": NOW + n,
        }
        fields.update(overrides)
        return NumberRow(**fields)

    return make
