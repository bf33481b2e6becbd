"""Applications: made once, changed, listed newest first, gone when deleted."""

import pytest
from msgspec.structs import replace

from ringfence.ports.applications import ApplicationRow
from ringfence.ports.store import SidTakenError

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32


def application(sid="AP1", account=A, made_ms=NOW, name="Shop"):
    return ApplicationRow(
        account=account, sid=sid, friendly_name=name, standing=b"\x00sealed", created_ms=made_ms, updated_ms=made_ms
    )


async def test_an_application_is_made_once_and_read_as_it_was_written(store):
    await store.create_application(application())
    with pytest.raises(SidTakenError):
        await store.create_application(application(name="Other"))
    assert await store.application(A, "AP1") == application()
    assert await store.application(B, "AP1") is None
    assert await store.application(A, "AP2") is None
    await store.create_application(application(account=B))


async def test_an_update_replaces_all_but_when_it_was_made(store):
    await store.create_application(application())
    changed = replace(application(name="New"), standing=b"other", updated_ms=NOW + 5)
    assert await store.update_application(replace(changed, created_ms=1)) is True
    assert await store.application(A, "AP1") == changed
    assert await store.update_application(application("AP2")) is False
    assert await store.update_application(application(account=B)) is False


async def test_applications_are_listed_newest_first(store):
    for n in range(4):
        await store.create_application(application(f"AP{n}", made_ms=NOW + n, name="odd" if n % 2 else "even"))
    await store.create_application(application("AP9", account=B))

    async def sids(**how):
        return [row.sid for row in await store.applications(A, **how)]

    assert await sids() == ["AP3", "AP2", "AP1", "AP0"]
    assert await sids(limit=2) == ["AP3", "AP2"]
    assert await sids(before="AP2") == ["AP1", "AP0"]
    assert await sids(friendly_name="even") == ["AP2", "AP0"]


async def test_a_deleted_application_is_gone(store):
    await store.create_application(application())
    assert await store.delete_application(B, "AP1") is False
    assert await store.delete_application(A, "AP1") is True
    assert await store.delete_application(A, "AP1") is False
    assert await store.application(A, "AP1") is None
