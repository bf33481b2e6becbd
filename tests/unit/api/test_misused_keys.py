"""A canary, or a key from a network that is new for it, freezes what its owner said; it is answered as wrong ones."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

from ringfence.api.auth import Authenticator
from ringfence.api.frozen import FrozenCredentials
from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.ports.freezes import is_frozen
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.process_states import ProcessState
from ringfence.ports.store import AccountRow, CredentialRow, StoreFailedError
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.react import TELL_EVERY_MS, Reactions
from ringfence.usecases.operations.watch import Watch

AC, SUB, SK, SECRET = "AC" + "a" * 32, "AC" + "c" * 32, "SK" + "b" * 32, "the right one"
HEADER = b"Basic " + base64.b64encode(f"{SK}:{SECRET}".encode())
HOME, AWAY = "192.0.2.1", "203.0.113.5"


class Notes:
    """The ledger, or none."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.written: list[tuple[str, Sequence[str], str, str]] = []

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.written.append((credential, accounts, what, cause))


class Stand:
    """One key, and who lets it in."""

    def __init__(self, clock: ManualClock, notes: Notes | None = None, **limits: Any) -> None:
        self.clock, self.notes, self.limits = clock, notes or Notes(), limits
        self.store = MemoryStore()
        self.refused: list[str] = []
        self.auth: Authenticator

    async def open(self) -> "Stand":
        for sid, parent in ((AC, None), (SUB, AC)):
            account = AccountRow(sid=sid, tenant=AC, parent=parent, friendly_name="", created_ms=0, updated_ms=0)
            await self.store.create_account(account, self._credential(sid, "auth_token"))
        verifier = hashlib.sha256(SECRET.encode()).digest()
        await self.store.put_credential(self._credential(SK, "api_key", verifier=verifier, **self.limits))
        self.auth = Authenticator(
            self.store,
            self.clock,
            frozen=FrozenCredentials(self.store, self.clock),
            reactions=Reactions(self.store, self.clock, self.notes),
            refused=self.refused.append,
        )
        return self

    def _credential(self, sid: str, kind: str, **more: Any) -> CredentialRow:
        account = sid if sid.startswith("AC") else AC
        values = {"verifier": b"v" * 32} | more
        return CredentialRow(account=account, sid=sid, kind=kind, hmac_states=b"", created_ms=0, updated_ms=0, **values)

    async def code(self, client: str) -> int:
        """0 where the key is let in from there."""
        try:
            await self.auth.present(HEADER, client)
        except ApiError as error:
            return error.code
        return 0

    async def frozen(self) -> list[tuple[str, str]]:
        return [(row.kind, row.name) for row in await self.store.freezes()]


@pytest.mark.parametrize(
    ("reaction", "frozen", "noted"),
    [
        ("alarm", [], []),
        ("freeze-key", [("key", SK)], [(SK, [AC], f"key:{SK}", "canary")]),
        ("freeze-account", [("account", AC)], [(SK, [AC, SUB], f"account:{AC}", "canary")]),
    ],
)
def test_a_canary_does_what_its_owner_said(
    run: Any, clock: ManualClock, reaction: str, frozen: list[tuple[str, str]], noted: list[Any]
) -> None:
    async def story() -> None:
        at = await Stand(clock, canary=True, reaction=reaction).open()
        assert await at.code(HOME) == 20003
        assert (await at.frozen(), at.notes.written, at.refused) == (frozen, noted, ["canary"])
        account = await at.store.account(AC)
        assert account is not None
        assert account.status == ("suspended" if reaction == "freeze-account" else "active")
        clock.advance(2_000)
        assert await at.code(HOME) == 20003
        assert len(at.notes.written) == len(noted)

    run(story())


def test_a_watched_key_is_frozen_where_it_comes_from_a_network_that_is_new(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        at = await Stand(clock, watched=True, reaction="freeze-key").open()
        # The first network is learnt.
        assert await at.code(HOME) == 0
        await at.store.note_use(AC, SK, clock.now_ms(), "192.0.2.0/24")
        assert await at.code("192.0.2.200") == 0
        assert await at.code(AWAY) == 20003
        assert await at.frozen() == [("key", SK)]
        assert at.notes.written == [(SK, [AC], f"key:{SK}", "new_network")]
        clock.advance(2_000)
        assert await at.code(HOME) == 20003
        assert await at.store.delete_freeze("key", SK)
        clock.advance(2_000)
        assert await at.code(HOME) == 0

    run(story())


def test_with_an_alarm_alone_it_is_let_in_and_told_of(run: Any, clock: ManualClock, capsys: Any) -> None:
    async def story() -> None:
        at = await Stand(clock, watched=True).open()
        await at.store.note_use(AC, SK, clock.now_ms(), "192.0.2.0/24")
        assert await at.code(AWAY) == 0
        assert (await at.frozen(), at.refused) == ([], [])

    run(story())
    assert "key used from a new network" in capsys.readouterr().out


def test_a_key_that_nobody_watches_is_let_in_from_everywhere(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        at = await Stand(clock, reaction="freeze-account").open()
        await at.store.note_use(AC, SK, clock.now_ms(), "192.0.2.0/24")
        assert await at.code(AWAY) == 0
        assert await at.frozen() == []

    run(story())


def test_it_is_frozen_where_the_ledger_cannot_be_written_and_refused_where_the_store_cannot(
    run: Any, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        for why in (ConnectionError(), KeyRefusedError("a key of that account, and its subaccounts")):
            at = await Stand(clock, Notes(why), canary=True, reaction="freeze-account").open()
            assert await at.code(HOME) == 20003
            assert is_frozen(await at.store.freezes(), "account", AC)
        other = await Stand(clock, canary=True, reaction="freeze-account").open()

        async def fails(row: Any) -> bool:
            raise StoreFailedError

        monkeypatch.setattr(other.store, "put_freeze", fails)
        assert await other.code(HOME) == 20003
        assert await other.frozen() == []

    run(story())


def test_a_wrong_secret_freezes_nothing(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        at = await Stand(clock, canary=True, reaction="freeze-account").open()
        wrong = b"Basic " + base64.b64encode(f"{SK}:x".encode())
        with pytest.raises(ApiError):
            await at.auth.present(wrong, HOME)
        assert await at.frozen() == []

    run(story())


def test_a_watched_key_that_is_let_in_with_an_alarm_is_an_incident_too(clock: ManualClock, run: Any) -> None:
    async def story() -> None:
        stand = await Stand(clock, watched=True, reaction="alarm").open()
        await stand.store.note_use(AC, SK, clock.now_ms(), "192.0.2.0/24")
        assert await stand.code(HOME) == 0
        assert not await stand.store.incidents()
        assert await stand.code(AWAY) == 0
        (incident,) = await stand.store.incidents(going_on=True)
        assert (incident.kind, incident.what) == ("new_network", f"{SK} of {AC}")

    run(story())


def test_staff_are_told_once_a_minute_until_they_know(clock: ManualClock, run: Any) -> None:
    async def story() -> None:
        stand = await Stand(clock, canary=True, reaction="alarm").open()
        for _ in range(3):
            assert await stand.code(AWAY) == 20003
        (incident,) = await stand.store.incidents(going_on=True)
        assert (incident.kind, incident.what, incident.began_ms) == ("canary", f"{SK} of {AC}", clock.now_ms())
        assert await stand.store.acknowledge_incident(incident.sid, "ST1", 1)

        async def nothing() -> Sequence[ProcessState]:
            return []

        await Watch(stand.store, stand.store, nothing, clock).look()
        assert not await stand.store.incidents(going_on=True)
        clock.advance(TELL_EVERY_MS)
        await stand.code(AWAY)
        assert len(await stand.store.incidents(going_on=True)) == 1
        # Nobody knows yet: it goes on.
        await Watch(stand.store, stand.store, nothing, clock).look()
        assert len(await stand.store.incidents(going_on=True)) == 1

    run(story())


def test_a_key_is_refused_from_its_end_on(run: Any, clock: ManualClock) -> None:
    async def story() -> None:
        at = await Stand(clock, ends_ms=clock.now_ms() + 1_000).open()
        clock.advance(999)
        assert await at.code(HOME) == 0
        clock.advance(1)
        assert await at.code(HOME) == 20003
        assert at.refused == ["ended"]

    run(story())
