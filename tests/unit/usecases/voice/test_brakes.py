"""Each brake holds what it is for, and nothing else."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.call import Direction, Status
from ringfence.domain.clock import ManualClock
from ringfence.domain.dialing.destination import destination_of
from ringfence.domain.dialing.permissions import CountryPermission, VoiceSettings, encode_settings
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallChange, CallRow
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.voice.brakes import (
    CONCURRENCY,
    GEO_PERMISSION,
    NOT_ALLOWED,
    BrakedError,
    BrakeLimits,
    Brakes,
    effective_settings,
)

ACCOUNT, CHILD = "AC" + "a" * 32, "AC" + "b" * 32
FRIEND, LATVIAN, PREMIUM = "+12025550177", "+37167123456", "+19005551234"
EVERYTHING = CountryPermission(True, True, True)
NOW = 1_700_000_040_000

Scene = Callable[[MemoryStore, ManualClock], Coroutine[Any, Any, None]]


def played(scene: Scene) -> None:
    asyncio.run(scene(MemoryStore(), ManualClock(NOW)))


async def call(store: MemoryStore, clock: ManualClock, **more: Any) -> CallRow:
    fields: dict[str, Any] = {
        "account": ACCOUNT,
        "sid": new_sid("CA", clock.now_ms()),
        "direction": Direction.OUTBOUND_API,
        "status": Status.IN_PROGRESS,
        "local": "+12025550123",
        "remote_index": b"i",
        "remote_region": "US",
        "epoch": 1,
        "content": b"c",
        "created_ms": clock.now_ms(),
        "updated_ms": clock.now_ms(),
        "answered_ms": clock.now_ms(),
        "rate_micros": 14_000,
        "owner": "v",
    }
    row = CallRow(**fields | more)
    await store.create_call(row)
    return row


async def allow(store: MemoryStore, *regions: str, account: str = ACCOUNT) -> None:
    settings = VoiceSettings(countries=dict.fromkeys(regions, EVERYTHING))
    assert await store.put_voice_settings(account, encode_settings(settings), was=None)


async def code_of(check: Coroutine[Any, Any, None]) -> int:
    """0 where the call may begin."""
    try:
        await check
    except BrakedError as error:
        return error.code
    return 0


async def leaves(brakes: Brakes, store: MemoryStore, clock: ManualClock, address: str, **more: Any) -> int:
    """A call that is made and asks to go out: 0 where it may."""
    destination = destination_of(address)
    rate_micros = 4_000 if destination is None else destination.rate_micros
    row = await call(store, clock, **{"status": Status.QUEUED, "answered_ms": None, "rate_micros": rate_micros} | more)
    return await code_of(brakes.let_out(row.account, row.sid, address))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (FRIEND, 0),
        ("+14165550100", 0),
        ("client:ann", 0),
        ("sip:ann@example.com", 0),
        (LATVIAN, GEO_PERMISSION),
        (PREMIUM, GEO_PERMISSION),
        ("+18095551234", GEO_PERMISSION),
        ("+447624123456", GEO_PERMISSION),
        ("+88213123456", GEO_PERMISSION),
    ],
)
def test_only_ordinary_numbers_at_home_may_be_called_unasked(address: str, code: int) -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock)
        assert await code_of(brakes.accept(ACCOUNT, address)) == code
        assert await leaves(brakes, store, clock, address) == code

    played(scene)


def test_what_is_permitted_may_be_called() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        await allow(store, "LV")
        brakes = Brakes(store, clock)
        assert await code_of(brakes.accept(ACCOUNT, LATVIAN)) == 0
        assert await code_of(brakes.accept(CHILD, LATVIAN)) == GEO_PERMISSION

    played(scene)


def test_a_subaccount_goes_by_its_parent_while_it_inherits() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        for sid, parent in ((ACCOUNT, None), (CHILD, ACCOUNT)):
            await store.create_account(
                AccountRow(sid=sid, tenant=ACCOUNT, parent=parent, friendly_name="", created_ms=NOW, updated_ms=NOW),
                CredentialRow(
                    account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=0, updated_ms=0
                ),
            )
        await allow(store, "LV")
        brakes = Brakes(store, clock)
        assert await code_of(brakes.accept(CHILD, LATVIAN)) == 0
        own = encode_settings(VoiceSettings(inherits=False))
        await store.put_voice_settings(CHILD, own, was=None)
        assert await code_of(brakes.accept(CHILD, LATVIAN)) == GEO_PERMISSION
        assert (await effective_settings(store, CHILD)).inherits is False
        assert await code_of(brakes.accept(ACCOUNT, LATVIAN)) == 0

    played(scene)


def test_subaccounts_spend_together_what_their_tenant_may() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        for sid, parent in ((ACCOUNT, None), (CHILD, ACCOUNT)):
            await store.create_account(
                AccountRow(sid=sid, tenant=ACCOUNT, parent=parent, friendly_name="", created_ms=NOW, updated_ms=NOW),
                CredentialRow(
                    account=sid, sid=sid, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=0, updated_ms=0
                ),
            )
        limits = BrakeLimits(spend_micros=28_000)
        await call(store, clock)
        assert await code_of(Brakes(store, clock, limits).accept(CHILD, FRIEND)) == 0
        await call(store, clock, account=CHILD)
        brakes = Brakes(store, clock, limits)
        for account in (ACCOUNT, CHILD):
            assert await code_of(brakes.accept(account, FRIEND)) == NOT_ALLOWED
            assert await leaves(brakes, store, clock, FRIEND, account=account) == NOT_ALLOWED
        assert await brakes.spent("v", 60_001) == [ACCOUNT, CHILD]
        # A subaccount's own bound may be narrower.
        narrow = Brakes(store, clock, BrakeLimits(own={CHILD: BrakeLimits(spend_micros=14_000)}))
        assert await code_of(narrow.accept(CHILD, FRIEND)) == NOT_ALLOWED
        assert await leaves(narrow, store, clock, FRIEND, account=CHILD) == NOT_ALLOWED
        assert await code_of(narrow.accept(ACCOUNT, FRIEND)) == 0
        # What the tenant may is its top-level account's own bound.
        richer = Brakes(store, clock, replace(limits, own={ACCOUNT: BrakeLimits(spend_micros=42_000)}))
        assert await code_of(richer.accept(CHILD, FRIEND)) == 0

    played(scene)


def test_an_account_may_have_bounds_of_its_own() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        own = BrakeLimits(live_calls=0, calls_per_s=1, queued_calls=0)
        brakes = Brakes(store, clock, BrakeLimits(own={CHILD: own}))
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == 0
        assert await code_of(brakes.accept(CHILD, FRIEND)) == CONCURRENCY
        assert await code_of(brakes.accept(CHILD, FRIEND)) == CONCURRENCY
        assert brakes.room() == 1
        brakes.began(CHILD)
        brakes.began(ACCOUNT)
        assert list(brakes.waiting()) == [CHILD]

    played(scene)


def test_a_minute_has_a_highest_price() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        await allow(store, "US", "LV")
        exact = Brakes(store, clock, BrakeLimits(max_rate_micros=250_000))
        assert await code_of(exact.accept(ACCOUNT, LATVIAN)) == 0
        assert await code_of(exact.accept(ACCOUNT, PREMIUM)) == NOT_ALLOWED
        under = Brakes(store, clock, BrakeLimits(max_rate_micros=249_999))
        assert await code_of(under.accept(ACCOUNT, LATVIAN)) == NOT_ALLOWED

    played(scene)


def test_so_many_calls_may_be_under_way() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(live_calls=2))
        await call(store, clock)
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == 0
        assert await leaves(brakes, store, clock, FRIEND) == 0
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == CONCURRENCY
        assert await code_of(brakes.accept(ACCOUNT, "client:ann")) == CONCURRENCY
        assert await leaves(brakes, store, clock, FRIEND) == CONCURRENCY
        assert await leaves(brakes, store, clock, "client:ann") == CONCURRENCY
        assert await code_of(brakes.accept(CHILD, FRIEND)) == 0

    played(scene)


def test_so_many_calls_may_wait() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(queued_calls=1))
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == 0
        await call(store, clock, status=Status.QUEUED, owner="")
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == CONCURRENCY
        assert await code_of(brakes.accept(CHILD, FRIEND)) == 0
        assert await code_of(brakes.accept(CHILD, LATVIAN)) == GEO_PERMISSION

    played(scene)


def test_calls_cost_so_much_within_the_window() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(spend_micros=42_000, spend_window_ms=600_000))
        await call(store, clock)
        await call(store, clock)
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == 0
        assert await leaves(brakes, store, clock, FRIEND) == 0
        assert await leaves(brakes, store, clock, FRIEND) == NOT_ALLOWED
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == NOT_ALLOWED
        assert await code_of(brakes.accept(ACCOUNT, "client:ann")) == 0
        assert await leaves(brakes, store, clock, "client:ann", rate_micros=0) == 0
        assert await brakes.spent("v", 0) == []
        assert await brakes.spent("v", 60_001) == [ACCOUNT]
        assert await brakes.spent("other", 60_001) == []

    played(scene)


def test_of_a_burst_just_as_many_go_out_as_may_and_no_other_call_ends_for_it() -> None:
    """It is taken whole, and those that are held take nobody's place: whatever they are held for, and in any order."""

    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(spend_micros=28_000 + 20 * 14_000))
        await call(store, clock)
        await call(store, clock, status=Status.RINGING, answered_ms=None)
        waiting = [await call(store, clock, status=Status.QUEUED, answered_ms=None) for _ in range(30)]
        addresses = [LATVIAN if number % 10 == 0 else FRIEND for number in range(30)]
        codes = await asyncio.gather(
            *(
                code_of(brakes.let_out(ACCOUNT, row.sid, address))
                for row, address in zip(waiting, addresses, strict=True)
            )
        )
        assert (codes.count(0), codes.count(GEO_PERMISSION), codes.count(NOT_ALLOWED)) == (20, 3, 7)
        assert await brakes.spent("v", 0) == []


def test_a_call_that_rings_beyond_what_may_be_spent_ends() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(spend_micros=28_000))
        await call(store, clock)
        await call(store, clock, status=Status.RINGING, answered_ms=None)
        waiting = [await call(store, clock, status=Status.QUEUED, answered_ms=None) for _ in range(3)]
        assert await code_of(brakes.let_out(ACCOUNT, waiting[0].sid, FRIEND)) == NOT_ALLOWED
        assert await brakes.spent("v", 0) == []
        change = CallChange(status=Status.RINGING, at_ms=clock.now_ms())
        await store.move_call(ACCOUNT, waiting[0].sid, change)
        assert await brakes.spent("v", 0) == [ACCOUNT]

    played(scene)


def test_what_ended_before_the_window_is_forgiven() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(spend_micros=14_000, spend_window_ms=600_000))
        row = await call(store, clock)
        change = CallChange(status=Status.COMPLETED, at_ms=clock.now_ms(), price_micros=14_000)
        await store.move_call(ACCOUNT, row.sid, change)
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == NOT_ALLOWED
        clock.advance(660_000)
        assert await code_of(brakes.accept(ACCOUNT, FRIEND)) == 0

    played(scene)


def test_so_many_countries_may_be_new_in_a_day() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(new_countries=2))
        await allow(store, "LV", "LT", "EE")
        await call(store, clock, remote_region="US", status=Status.BUSY)
        clock.advance(24 * 3_600_000 + 1)
        for region in ("LT", "EE", "LV"):
            clock.advance(1)
            await call(store, clock, remote_region=region, status=Status.BUSY)
        for number, region, code in (
            ("+37052123456", "LT", 0),
            ("+3726123456", "EE", 0),
            (LATVIAN, "LV", NOT_ALLOWED),
            (FRIEND, "US", 0),
        ):
            assert await leaves(brakes, store, clock, number, remote_region=region) == code
        clock.advance(24 * 3_600_000 + 1)
        assert await code_of(brakes.accept(ACCOUNT, LATVIAN)) == 0

    played(scene)


def test_an_account_begins_so_many_calls_a_second_and_the_rest_wait() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(calls_per_s=2))
        assert list(brakes.waiting()) == []
        brakes.began(ACCOUNT)
        assert list(brakes.waiting()) == []
        brakes.began(ACCOUNT)
        brakes.began(CHILD)
        assert list(brakes.waiting()) == [ACCOUNT]
        clock.advance(499)
        assert list(brakes.waiting()) == [ACCOUNT]
        clock.advance(1)
        assert list(brakes.waiting()) == []

    played(scene)


def test_each_account_has_room_for_what_is_left_of_the_busiest() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(calls_per_s=5))
        assert brakes.room() == 5
        for _ in range(3):
            brakes.began(ACCOUNT)
        brakes.began(CHILD)
        assert brakes.room() == 2
        for _ in range(2):
            brakes.began(ACCOUNT)
        assert list(brakes.waiting()) == [ACCOUNT]
        assert brakes.room() == 4
        clock.advance(10_000)
        assert brakes.room() == 5

    played(scene)


def test_a_slow_rate_lets_one_call_through_at_a_time() -> None:
    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(calls_per_s=0.5))
        brakes.began(ACCOUNT)
        clock.advance(1_999)
        assert list(brakes.waiting()) == [ACCOUNT]
        clock.advance(1)
        assert list(brakes.waiting()) == []

    played(scene)


def test_rates_of_accounts_that_rarely_call_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.usecases.voice.brakes.BUCKETS_KEPT", 2)

    async def scene(store: MemoryStore, clock: ManualClock) -> None:
        brakes = Brakes(store, clock, BrakeLimits(calls_per_s=1))
        for account in ("AC1", "AC2", "AC1", "AC3"):
            brakes.began(account)
        assert list(brakes.waiting()) == ["AC1", "AC3"]

    played(scene)
