"""Verify's configuration: a thing has a parent, a name among its siblings, and goes with what it belongs to."""

import pytest
from msgspec.structs import replace

from ringfence.ports.store import SidTakenError
from ringfence.ports.verify_config import VerifyFullError, VerifyNameTakenError, VerifyRow

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32


def thing(sid="VA1", kind="service", account=A, parent="", name="", made_ms=NOW):
    return VerifyRow(
        account=account,
        kind=kind,
        parent=parent,
        sid=sid,
        name=name,
        settings='{"a":1}',
        standing=b"\x00sealed",
        created_ms=made_ms,
        updated_ms=made_ms,
    )


def limit(sid="RK1", parent="VA1", name="ip", **how):
    return thing(sid, "rate_limit", parent=parent, name=name, **how)


async def test_a_thing_is_made_once_and_read_as_it_was_written(store):
    assert await store.create_verify(thing(), 9) is True
    with pytest.raises(SidTakenError):
        await store.create_verify(thing(), 9)
    assert await store.verify_row(A, "service", "VA1") == thing()
    assert await store.verify_row(B, "service", "VA1") is None
    assert await store.verify_row(A, "service", "VA2") is None
    assert await store.verify_row(A, "rate_limit", "VA1") is None
    assert await store.create_verify(thing(account=B), 9) is True


async def test_a_thing_needs_its_parent_in_its_own_account(store):
    assert await store.create_verify(limit(), 9) is False
    await store.create_verify(thing(), 9)
    assert await store.create_verify(limit(account=B), 9) is False
    assert await store.create_verify(limit(), 9) is True
    assert await store.verify_row(A, "rate_limit", "RK1", parent="VA1") == limit()
    assert await store.verify_row(A, "rate_limit", "RK1", parent="VA2") is None


async def test_a_name_is_one_of_its_siblings(store):
    for sid in ("VA1", "VA2"):
        await store.create_verify(thing(sid), 9)
    await store.create_verify(limit(), 9)
    with pytest.raises(VerifyNameTakenError):
        await store.create_verify(limit("RK2"), 9)
    assert await store.create_verify(limit("RK2", name="device"), 9) is True
    assert await store.create_verify(limit("RK3", parent="VA2"), 9) is True
    assert await store.create_verify(thing("VA3", kind="webhook", parent="VA1", name="ip"), 9) is True
    with pytest.raises(VerifyNameTakenError):
        await store.update_verify(limit("RK2"))
    assert await store.update_verify(limit("RK1")) is True


async def test_what_has_no_name_is_like_no_other(store):
    await store.create_verify(thing(), 9)
    for sid in ("YW1", "YW2"):
        assert await store.create_verify(thing(sid, "webhook", parent="VA1"), 9) is True
    assert await store.verify_named(A, "webhook", "", parent="VA1") is None


async def test_a_thing_is_found_by_its_name(store):
    for sid in ("VA1", "VA2"):
        await store.create_verify(thing(sid), 9)
    await store.create_verify(limit(), 9)
    assert await store.verify_named(A, "rate_limit", "ip", parent="VA1") == limit()
    assert await store.verify_named(A, "rate_limit", "ip", parent="VA2") is None
    assert await store.verify_named(A, "webhook", "ip", parent="VA1") is None
    assert await store.verify_named(B, "rate_limit", "ip", parent="VA1") is None


async def test_there_are_so_many_and_no_more(store):
    await store.create_verify(thing(), 1)
    with pytest.raises(VerifyFullError):
        await store.create_verify(thing("VA2"), 1)
    assert await store.create_verify(thing("VA2", account=B), 1) is True
    await store.create_verify(limit(), 1)
    with pytest.raises(VerifyFullError):
        await store.create_verify(limit("RK2", name="device"), 1)


async def test_an_update_replaces_all_but_when_it_was_made(store):
    await store.create_verify(thing(), 9)
    changed = replace(thing(name="New"), settings="{}", standing=b"other", updated_ms=NOW + 5)
    assert await store.update_verify(replace(changed, created_ms=1)) is True
    assert await store.verify_row(A, "service", "VA1") == changed
    assert await store.update_verify(thing("VA2")) is False
    assert await store.update_verify(thing(account=B)) is False


async def test_things_are_listed_newest_first(store):
    for n in range(4):
        await store.create_verify(thing(f"VA{n}", made_ms=NOW + n), 9)
    await store.create_verify(thing("VA9", account=B), 9)
    await store.create_verify(limit(parent="VA1"), 9)

    async def sids(**how):
        return [row.sid for row in await store.verify_rows(A, "service", **how)]

    assert await sids() == ["VA3", "VA2", "VA1", "VA0"]
    assert await sids(limit=2) == ["VA3", "VA2"]
    assert await sids(before="VA2") == ["VA1", "VA0"]
    assert await sids(parent="VA1") == []


async def test_what_belongs_to_a_thing_goes_with_it(store):
    for sid in ("VA1", "VA2"):
        await store.create_verify(thing(sid), 9)
    await store.create_verify(limit(), 9)
    await store.create_verify(thing("BL1", "bucket", parent="RK1"), 9)
    await store.create_verify(limit("RK2", parent="VA2"), 9)
    assert await store.delete_verify(B, "service", "VA1") is False
    assert await store.delete_verify(A, "service", "VA1") is True
    assert await store.delete_verify(A, "service", "VA1") is False
    assert await store.verify_row(A, "rate_limit", "RK1", parent="VA1") is None
    assert await store.verify_row(A, "bucket", "BL1", parent="RK1") is None
    assert await store.verify_row(A, "rate_limit", "RK2", parent="VA2") == limit("RK2", parent="VA2")
