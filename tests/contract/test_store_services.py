"""Messaging Services, their pools, and whom they texted from which number."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.ports.messaging_services import PooledError, PoolFullError, ServiceRow
from ringfence.ports.store import NumberRow, SidTakenError

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
ANN, BOB = b"a" * 16, b"b" * 16


def service(sid="MG1", account=A, made_ms=NOW, **more):
    fields = {"friendly_name": "Reminders", "standing": b"sealed", "created_ms": made_ms, "updated_ms": made_ms}
    return ServiceRow(account=account, sid=sid, **fields | more)


async def own(store, sid, account=A, region="US"):
    number = f"+1202555{int(sid[2:]):04}" if account == A else f"+1202556{int(sid[2:]):04}"
    row = NumberRow(
        account=account,
        sid=sid,
        number=number,
        friendly_name="n",
        kind="local",
        region=region,
        capabilities=frozenset({"sms", "voice"}),
        standing=b"s",
        created_ms=NOW,
        updated_ms=NOW,
    )
    await store.buy_number(row, from_stock=False)
    return row


async def settled(store, *sids, service_sid="MG1"):
    """A service with these numbers in its pool, added a millisecond apart."""
    await store.create_service(service(service_sid))
    for n, sid in enumerate(sids):
        await own(store, sid)
        assert await store.add_to_pool(A, service_sid, sid, NOW + n, 10) is True


def sids(rows):
    return [row.sid for row in rows]


async def test_a_service_is_read_as_it_was_written(store):
    row = service(
        sticky_sender=False,
        smart_encoding=False,
        area_code_geomatch=False,
        validity_period_s=60,
        use_inbound_webhook_on_number=True,
        has_status_callback=True,
    )
    await store.create_service(row)
    assert await store.service(A, "MG1") == row
    assert await store.service(B, "MG1") is None
    assert await store.service(A, "MG2") is None


async def test_a_service_is_made_once(store):
    await store.create_service(service())
    with pytest.raises(SidTakenError):
        await store.create_service(service(friendly_name="Other"))
    assert await store.service(A, "MG1") == service()
    await store.create_service(service(account=B))


async def test_services_are_listed_newest_first(store):
    for n in range(4):
        await store.create_service(service(f"MG{n}", made_ms=NOW + n))
    await store.create_service(service("MG9", account=B))
    assert sids(await store.services(A)) == ["MG3", "MG2", "MG1", "MG0"]
    assert sids(await store.services(A, limit=2)) == ["MG3", "MG2"]
    assert sids(await store.services(A, before="MG2")) == ["MG1", "MG0"]


async def test_an_update_replaces_all_but_when_it_was_made(store):
    await store.create_service(service())
    changed = service(
        friendly_name="New", sticky_sender=False, has_status_callback=True, standing=b"other", validity_period_s=9
    )
    changed = replace(changed, updated_ms=NOW + 5)
    assert await store.update_service(replace(changed, created_ms=1)) is True
    assert await store.service(A, "MG1") == changed
    assert await store.update_service(service("MG2")) is False
    assert await store.update_service(service(account=B)) is False


async def test_a_pool_is_listed_last_added_first(store):
    await settled(store, "PN1", "PN2", "PN3")
    (newest, *_) = await store.pool(A, "MG1")
    assert (newest.account, newest.service_sid, newest.number) == (A, "MG1", "+12025550003")
    assert (newest.region, newest.capabilities, newest.created_ms) == ("US", {"sms", "voice"}, NOW + 2)
    assert sids(await store.pool(A, "MG1")) == ["PN3", "PN2", "PN1"]
    assert sids(await store.pool(A, "MG1", limit=1)) == ["PN3"]
    assert sids(await store.pool(A, "MG1", before="PN3", limit=1)) == ["PN2"]
    assert await store.pool(B, "MG1") == []
    assert await store.pool(A, "MG2") == []
    assert await store.pooled(A, "MG1", "PN3") == newest
    assert await store.pooled(A, "MG2", "PN3") is None
    assert await store.pooled(B, "MG1", "PN3") is None


async def test_a_number_tells_whose_pool_it_is_in(store):
    await settled(store, "PN1")
    assert await store.service_of(A, "PN1") == service()
    assert await store.service_of(B, "PN1") is None
    assert await store.service_of(A, "PN2") is None


async def test_a_number_is_in_one_pool_at_most(store):
    await settled(store, "PN1")
    await store.create_service(service("MG2"))
    for wanted in ("MG1", "MG2"):
        with pytest.raises(PooledError) as pooled:
            await store.add_to_pool(A, wanted, "PN1", NOW, 10)
        assert pooled.value.service_sid == "MG1"
    assert await store.pool(A, "MG2") == []


async def test_a_pool_has_a_limit(store):
    await settled(store, "PN1")
    await own(store, "PN2")
    with pytest.raises(PoolFullError):
        await store.add_to_pool(A, "MG1", "PN2", NOW, 1)
    assert await store.add_to_pool(A, "MG1", "PN2", NOW, 2) is True


async def test_only_what_the_account_has_goes_together(store):
    await store.create_service(service())
    await own(store, "PN1")
    await own(store, "PN2", account=B)
    assert await store.add_to_pool(A, "MG2", "PN1", NOW, 10) is False
    assert await store.add_to_pool(A, "MG1", "PN9", NOW, 10) is False
    assert await store.add_to_pool(A, "MG1", "PN2", NOW, 10) is False
    assert await store.add_to_pool(B, "MG1", "PN2", NOW, 10) is False
    assert await store.pool(A, "MG1") == []


async def test_what_is_added_at_once_is_added_once(store):
    await store.create_service(service())
    await store.create_service(service("MG2"))
    for n in range(4):
        await own(store, f"PN{n}")
    tries = [store.add_to_pool(A, wanted, f"PN{n}", NOW, 3) for n in range(4) for wanted in ("MG1", "MG2")]
    ends = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(end is True for end in ends) == 4
    pools = [sids(await store.pool(A, wanted)) for wanted in ("MG1", "MG2")]
    assert sorted(pools[0] + pools[1]) == ["PN0", "PN1", "PN2", "PN3"]
    assert max(map(len, pools)) <= 3


async def test_the_first_number_a_recipient_was_texted_from_stays(store):
    await settled(store, "PN1", "PN2")
    assert await store.sticky_sender(A, "MG1", ANN) is None
    assert await store.stick(A, "MG1", ANN, "PN1", NOW) == "PN1"
    assert await store.stick(A, "MG1", ANN, "PN2", NOW) == "PN1"
    assert await store.stick(A, "MG1", BOB, "PN2", NOW) == "PN2"
    assert await store.sticky_sender(A, "MG1", ANN) == await store.pooled(A, "MG1", "PN1")
    assert await store.sticky_sender(A, "MG2", ANN) is None
    assert await store.sticky_sender(B, "MG1", ANN) is None


async def test_a_number_that_leaves_the_pool_is_forgotten(store):
    await settled(store, "PN1", "PN2")
    await store.stick(A, "MG1", ANN, "PN1", NOW)
    await store.stick(A, "MG1", BOB, "PN2", NOW)
    assert await store.remove_from_pool(A, "MG2", "PN1") is False
    assert await store.remove_from_pool(B, "MG1", "PN1") is False
    assert await store.remove_from_pool(A, "MG1", "PN1") is True
    assert await store.remove_from_pool(A, "MG1", "PN1") is False
    assert sids(await store.pool(A, "MG1")) == ["PN2"]
    assert await store.number(A, "PN1") is not None
    assert await store.add_to_pool(A, "MG1", "PN1", NOW, 10) is True
    assert await store.sticky_sender(A, "MG1", ANN) is None
    assert (await store.sticky_sender(A, "MG1", BOB)).sid == "PN2"


async def test_what_is_remembered_of_a_number_outside_the_pool_gives_way(store):
    await settled(store, "PN1", "PN2")
    await own(store, "PN3")
    assert await store.stick(A, "MG1", ANN, "PN3", NOW) == "PN3"
    assert await store.sticky_sender(A, "MG1", ANN) is None
    assert await store.stick(A, "MG1", ANN, "PN2", NOW) == "PN2"


async def test_a_released_number_leaves_its_pool(store):
    await settled(store, "PN1", "PN2")
    await store.stick(A, "MG1", ANN, "PN1", NOW)
    assert await store.release_number(A, "PN1") is True
    assert sids(await store.pool(A, "MG1")) == ["PN2"]
    assert await store.pooled(A, "MG1", "PN1") is None
    assert await store.service_of(A, "PN1") is None
    assert await store.stick(A, "MG1", ANN, "PN2", NOW) == "PN2"


async def test_a_deleted_service_takes_its_pool_and_its_memory_along(store):
    await settled(store, "PN1")
    await settled(store, "PN2", service_sid="MG2")
    await store.stick(A, "MG1", ANN, "PN1", NOW)
    assert await store.delete_service(B, "MG1") is False
    assert sids(await store.pool(A, "MG1")) == ["PN1"]
    assert await store.delete_service(A, "MG1") is True
    assert await store.delete_service(A, "MG1") is False
    assert await store.service(A, "MG1") is None
    assert await store.pool(A, "MG1") == []
    assert await store.service_of(A, "PN1") is None
    assert await store.number(A, "PN1") is not None
    await store.create_service(service())
    assert await store.add_to_pool(A, "MG1", "PN1", NOW, 10) is True
    assert await store.sticky_sender(A, "MG1", ANN) is None
    assert sids(await store.pool(A, "MG2")) == ["PN2"]
