"""Members of an account that stands still are told who stopped it, since when, what waits, and how it ends."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ringfence.console.freezers import LOOKED_AT, Freezers
from ringfence.console.refusals import RefusedError
from ringfence.console.standstill import Standstill
from ringfence.console.stopped import CLOSED, SUSPENDED, UNKNOWN
from ringfence.domain.clock import ManualClock
from ringfence.ports.freezes import FreezeKind, FreezeRow
from ringfence.ports.ledger import AccessEntry, ProvenEntries, ProvenEntry
from ringfence.ports.store import AccountRow, CredentialRow, StoreFailedError
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, thaw

AC, CHILD, ORPHAN = "AC" + "a" * 32, "AC" + "b" * 32, "AC" + "c" * 32
SINCE = "since 2026-03-02 08:00:00 UTC"
AT_MS = 1_772_438_400_000


class Ledger:
    """The newest entries of accounts; `away` where it cannot be read."""

    def __init__(self, *entries: AccessEntry) -> None:
        self.entries = list(entries)
        self.asked: list[tuple[str, int | None, int]] = []
        self.away = False

    async def latest_for(self, account: str, before: int | None, limit: int) -> ProvenEntries:
        self.asked.append((account, before, limit))
        if self.away:
            raise ConnectionError
        own = [each for each in self.entries if each.account == account][-limit:]
        proven = [ProvenEntry(n=n, entry=each, body=b"", salt=b"", proof=()) for n, each in enumerate(own)]
        return ProvenEntries(checkpoint="", entries=tuple(proven))


def froze(actor: str, at_ms: int = AT_MS, account: str = AC, verb: str = "note.freeze", what: str = "") -> AccessEntry:
    scope = (what or f"account:{account}", "canary")
    return AccessEntry(at_ms=at_ms, account=account, actor=actor, verb=verb, scope=scope)


@asynccontextmanager
async def accounts() -> AsyncIterator[tuple[MemoryStore, ManualClock]]:
    store, clock = MemoryStore(), ManualClock(AT_MS)
    for sid, parent in ((AC, None), (CHILD, AC), (ORPHAN, "AC" + "d" * 32)):
        row = AccountRow(sid=sid, tenant=parent or sid, parent=parent, friendly_name="Acme", created_ms=1, updated_ms=1)
        key = CredentialRow(
            account=sid,
            sid=sid,
            kind="auth_token",
            verifier=hashlib.sha256(sid.encode()).digest(),
            hmac_states=b"",
            created_ms=1,
            updated_ms=1,
        )
        await store.create_account(row, key)
    yield store, clock


async def told(standstill: Standstill, account: str) -> str:
    with pytest.raises(RefusedError) as refused:
        await standstill.check_member(account)
    assert refused.value.status == 403
    return refused.value.text


@pytest.mark.parametrize(
    ("kind", "name", "account", "begins"),
    [
        ("account", AC, AC, f"This account is frozen, {SINCE}, by your operator. Meanwhile nobody signs in"),
        ("account", AC, CHILD, f"{AC}, the account above this one, is frozen, {SINCE}, by your operator. Meanwhile"),
        ("account", CHILD, CHILD, f"This account is frozen, {SINCE}, by your operator, or by a key of its own that"),
        ("platform", "platform", CHILD, f"Your operator has frozen everything, {SINCE}. Meanwhile nobody signs in"),
    ],
)
def test_who_stopped_it_since_when_and_how_it_ends(
    run: Any, kind: FreezeKind, name: str, account: str, begins: str
) -> None:
    async def story() -> None:
        async with accounts() as (store, clock):
            standstill = Standstill(store, Freezers(Ledger(froze("staff:terminal"))))
            await standstill.check_member(account)
            await freeze(store, clock, kind, name)
            words = await told(standstill, account)
            assert words.startswith(begins)
            assert "texts and webhooks wait: nothing is lost, and texts to it are taken" in words
            assert "takes two of their staff" in words
            await thaw(store, clock, kind, name)
            await standstill.check_member(account)

    run(story())


def test_a_key_that_froze_its_account_is_named(run: Any) -> None:
    async def story() -> None:
        async with accounts() as (store, clock):
            await freeze(store, clock, "account", AC)
            standstill = Standstill(store, Freezers(Ledger(froze("SK1"))))
            assert "by its own key SK1, which was used where it should not be" in await told(standstill, AC)

    run(story())


def test_without_a_ledger_it_is_not_known_who(run: Any) -> None:
    async def story() -> None:
        async with accounts() as (store, clock):
            await freeze(store, clock, "account", AC)
            assert "by your operator, or by a key of its own" in await told(Standstill(store), AC)

    run(story())


def test_whatever_stops_more_is_what_has_to_end(run: Any) -> None:
    async def story() -> None:
        async with accounts() as (store, clock):
            standstill = Standstill(store)
            await freeze(store, clock, "account", CHILD)
            await freeze(store, clock, "account", AC)
            assert (await told(standstill, CHILD)).startswith(f"{AC}, the account above this one,")
            await freeze(store, clock, "platform", "platform")
            assert (await told(standstill, CHILD)).startswith("Your operator has frozen everything")

    run(story())


def test_what_is_suspended_closed_or_unknown_is_not_frozen(run: Any) -> None:
    async def story() -> None:
        async with accounts() as (store, clock):
            standstill = Standstill(store)
            assert [await told(standstill, each) for each in ("AC" + "e" * 32, ORPHAN)] == [UNKNOWN, UNKNOWN]
            await freeze(store, clock, "key", CHILD)
            await standstill.check_member(CHILD)
            await store.set_account_status(AC, "suspended", was="active", at_ms=2)
            assert [await told(standstill, each) for each in (AC, CHILD)] == [SUSPENDED, SUSPENDED]
            await store.set_account_status(AC, "closed", was="suspended", at_ms=3)
            await freeze(store, clock, "platform", "platform")
            assert [await told(standstill, each) for each in (AC, CHILD)] == [CLOSED, CLOSED]

    run(story())


ROW = FreezeRow(kind="account", name=AC, at_ms=AT_MS)


@pytest.mark.parametrize(
    ("entries", "actor"),
    [
        ([froze("SK1", AT_MS - 9), froze("staff:terminal", AT_MS)], "staff:terminal"),
        # Tried again while it lasted; of something else; something else.
        ([froze("SK1", AT_MS), froze("staff:terminal", AT_MS + 1)], "SK1"),
        ([froze("SK1"), froze("staff:terminal", what="key:SK1")], "SK1"),
        ([froze("SK1"), froze("staff:terminal", verb="note.thaw")], "SK1"),
        ([froze("SK1", account=CHILD, what=f"account:{AC}")], ""),
        ([], ""),
    ],
)
def test_whoever_wrote_it_down_last_before_it_happened_froze_it(
    run: Any, entries: Sequence[AccessEntry], actor: str
) -> None:
    ledger = Ledger(*entries)
    assert run(Freezers(ledger).who(ROW)) == actor
    assert ledger.asked == [(AC, None, LOOKED_AT)]


def test_it_is_looked_for_until_it_is_found(run: Any) -> None:
    async def story() -> None:
        ledger = Ledger()
        freezers = Freezers(ledger)
        ledger.away = True
        assert await freezers.who(ROW) == ""
        ledger.away = False
        assert await freezers.who(ROW) == ""
        ledger.entries.append(froze("SK1"))
        assert [await freezers.who(ROW) for _ in range(3)] == ["SK1"] * 3
        assert len(ledger.asked) == 3
        # Another freeze is another's.
        ledger.entries.append(froze("staff:terminal", AT_MS + 7))
        assert await freezers.who(FreezeRow(kind="account", name=AC, at_ms=AT_MS + 7)) == "staff:terminal"

    run(story())


def test_of_so_many_freezes_as_fit_it_is_known_and_then_looked_for_anew(run: Any) -> None:
    async def story() -> None:
        many = [FreezeRow(kind="account", name=f"AC{n}", at_ms=AT_MS) for n in range(101)]
        ledger = Ledger(*(froze("SK1", account=row.name) for row in many))
        freezers = Freezers(ledger)
        for row in [*many[:100], *many[:100]]:
            assert await freezers.who(row) == "SK1"
        assert len(ledger.asked) == 100
        for row in (many[100], many[100], many[0]):
            assert await freezers.who(row) == "SK1"
        assert len(ledger.asked) == 102

    run(story())


class Away(MemoryStore):
    """A store that cannot be read."""

    async def freezes(self) -> Sequence[FreezeRow]:
        raise StoreFailedError


def test_where_the_store_is_away_nobody_is_told_that_all_goes_on(run: Any) -> None:
    async def story() -> None:
        standstill = Standstill(Away())
        for check in (standstill.check_staff(), standstill.check_member(AC)):
            with pytest.raises(ConnectionError):
                await check

    run(story())


def test_staff_are_told_since_when_everything_is_frozen(run: Any) -> None:
    async def story() -> None:
        async with accounts() as (store, clock):
            standstill = Standstill(store)
            await freeze(store, clock, "account", AC)
            await standstill.check_staff()
            await freeze(store, clock, "platform", "platform")
            with pytest.raises(RefusedError, match=f"Everything is frozen, {SINCE}. Under Frozen") as refused:
                await standstill.check_staff()
            assert refused.value.status == 403

    run(story())
