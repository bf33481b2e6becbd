"""SIP Domains, Credential Lists, IP Access Control Lists, and which admits to which."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.ports.sip_access import SipFullError, SipNameTakenError, SipRow
from ringfence.ports.store import SidTakenError

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32


def row(kind, sid, account=A, made_ms=NOW, **more):
    return SipRow(account=account, kind=kind, sid=sid, created_ms=made_ms, updated_ms=made_ms, **more)


def domain(sid="SD1", account=A, name="barber", **more):
    return row("domain", sid, account, name=name, shown=f"{name}.sip.twilio.com", **more)


def credential(sid="CR1", account=A, parent="CL1", name="alice", **more):
    return row("credential", sid, account, parent=parent, name=name, standing=b"hashes", **more)


async def made(store, *rows, limit=10):
    for one in rows:
        assert await store.create_sip(one, limit) is True


def sids(rows):
    return [one.sid for one in rows]


async def test_a_domain_is_read_as_it_was_written_and_found_by_name(store):
    written = domain(friendly_name="Barber", secure=True, registration=True, emergency=True, standing=b"sealed")
    await made(store, written)
    assert await store.sip_row(A, "domain", "SD1") == written
    assert await store.sip_domain("barber") == written
    assert await store.sip_row(B, "domain", "SD1") is None
    assert await store.sip_row(A, "credential_list", "SD1") is None
    assert await store.sip_domain("other") is None


async def test_a_domains_name_is_one_of_the_installation(store):
    await made(store, domain())
    for taken in (domain("SD2"), domain("SD2", B)):
        with pytest.raises(SipNameTakenError):
            await store.create_sip(taken, 10)
    await made(store, domain("SD2", B, "other"))
    with pytest.raises(SipNameTakenError):
        await store.update_sip(domain("SD2", B))
    assert (await store.sip_domain("other")).sid == "SD2"
    # Its own name is nobody else's.
    assert await store.update_sip(domain(friendly_name="New")) is True


async def test_of_two_who_take_a_name_at_once_one_gets_it(store):
    ends = await asyncio.gather(
        store.create_sip(domain(), 10), store.create_sip(domain("SD2", B), 10), return_exceptions=True
    )
    assert sorted(map(repr, ends)) == ["SipNameTakenError()", "True"]


async def test_a_username_is_one_of_its_list(store):
    await made(store, row("credential_list", "CL1"), row("credential_list", "CL2"), credential())
    with pytest.raises(SipNameTakenError):
        await store.create_sip(credential("CR2"), 10)
    await made(store, credential("CR2", parent="CL2"))
    assert sids(await store.sip_credentials(A, ["CL1", "CL2"], "alice")) == ["CR1", "CR2"]
    assert sids(await store.sip_credentials(A, ["CL2"], "alice")) == ["CR2"]
    assert await store.sip_credentials(A, ["CL1", "CL2"], "bob") == []
    assert await store.sip_credentials(B, ["CL1"], "alice") == []
    assert await store.sip_credentials(A, [], "alice") == []


async def test_what_is_in_a_list_needs_the_list(store):
    assert await store.create_sip(credential(), 10) is False
    await made(store, row("credential_list", "CL1", B), domain())
    assert await store.create_sip(credential(), 10) is False
    assert await store.create_sip(credential(parent="SD1"), 10) is False


async def test_a_mapping_needs_domain_and_list_and_is_made_once(store):
    mapping = row("calls", "CL1", parent="SD1")
    await made(store, row("credential_list", "CL1"))
    assert await store.create_sip(mapping, 10) is False
    await made(store, domain(), mapping)
    assert await store.create_sip(row("calls", "CL9", parent="SD1"), 10) is False
    assert await store.create_sip(row("calls", "CL1", parent="CL1"), 10) is False
    with pytest.raises(SidTakenError):
        await store.create_sip(mapping, 10)
    await made(store, row("registrations", "CL1", parent="SD1"))


async def test_there_are_only_so_many(store):
    await made(store, row("ip_list", "AL1"), row("ip_list", "AL2"))
    with pytest.raises(SipFullError):
        await store.create_sip(row("ip_list", "AL3"), 2)
    await made(store, row("ip_address", "IP1", parent="AL1"), limit=1)
    with pytest.raises(SipFullError):
        await store.create_sip(row("ip_address", "IP2", parent="AL1"), 1)
    await made(store, row("ip_address", "IP2", parent="AL2"), row("ip_list", "AL3", B), limit=1)


async def test_lists_are_newest_first_and_paged(store):
    await made(store, *(row("ip_list", f"AL{n}", made_ms=NOW + n) for n in range(4)))
    await made(store, row("ip_list", "AL9", B), row("credential_list", "CL1"))
    assert sids(await store.sip_rows(A, "ip_list", limit=3)) == ["AL3", "AL2", "AL1"]
    assert sids(await store.sip_rows(A, "ip_list", before="AL1")) == ["AL0"]


async def test_a_domains_mappings_are_told_apart_by_what_they_map(store):
    await made(store, domain(), row("credential_list", "CL1"), row("ip_list", "AL1"))
    await made(store, row("calls", "CL1", parent="SD1"), row("calls", "AL1", parent="SD1", made_ms=NOW + 1))
    assert sids(await store.sip_rows(A, "calls", parent="SD1", prefix="CL")) == ["CL1"]
    assert sids(await store.sip_rows(A, "calls", parent="SD1", prefix="AL")) == ["AL1"]
    assert sids(await store.sip_rows(A, "calls", parent="SD1")) == ["AL1", "CL1"]
    assert await store.sip_rows(A, "registrations", parent="SD1") == []


async def test_a_row_changes_but_not_when_it_was_made(store):
    await made(store, domain())
    changed = domain(name="new", friendly_name="New", secure=True, standing=b"other", made_ms=NOW + 5)
    assert await store.update_sip(changed) is True
    assert await store.sip_row(A, "domain", "SD1") == replace(changed, created_ms=NOW)
    assert await store.sip_domain("barber") is None
    assert await store.update_sip(domain("SD9", name="nine")) is False


async def test_a_list_takes_what_is_in_it_and_its_mappings_along(store):
    await made(store, domain(), row("credential_list", "CL1"), row("credential_list", "CL2"))
    await made(store, credential(), credential("CR2", parent="CL2"), row("credential_list", "CL1", B))
    await made(store, row("calls", "CL1", parent="SD1"), row("registrations", "CL1", parent="SD1"))
    await made(store, row("calls", "CL2", parent="SD1"))
    assert await store.delete_sip(A, "credential_list", "CL1") is True
    assert await store.delete_sip(A, "credential_list", "CL1") is False
    assert sids(await store.sip_below(A, "credential", ["CL1", "CL2"])) == ["CR2"]
    assert sids(await store.sip_rows(A, "calls", parent="SD1")) == ["CL2"]
    assert await store.sip_rows(A, "registrations", parent="SD1") == []
    assert await store.sip_row(B, "credential_list", "CL1") is not None


async def test_a_domain_takes_its_mappings_along_and_leaves_the_lists(store):
    await made(store, domain(), row("ip_list", "AL1"), row("calls", "AL1", parent="SD1"))
    assert await store.delete_sip(A, "domain", "SD1") is True
    assert await store.sip_below(A, "calls", ["SD1"]) == []
    assert await store.sip_row(A, "ip_list", "AL1") is not None
    await made(store, domain("SD2", B))


async def test_a_mapping_is_deleted_alone(store):
    await made(store, domain(), row("credential_list", "CL1"), credential(), row("calls", "CL1", parent="SD1"))
    assert await store.delete_sip(A, "calls", "CL1", parent="SD1") is True
    assert await store.delete_sip(A, "calls", "CL1", parent="SD1") is False
    assert await store.sip_row(A, "credential_list", "CL1") is not None
    assert sids(await store.sip_below(A, "credential", ["CL1"])) == ["CR1"]
