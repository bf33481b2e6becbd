"""SIP Domains and what admits to them through the SDK, as a program would set them up."""

from typing import Any

import pytest
from tests.api.sip_recipes import PASSWORD, domain_name
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.sid import new_sid
from ringfence.domain.standing import decode_sip_secrets, sip_credential_record


def refused(call: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        call()
    return refusal.value.status, refusal.value.code


def test_a_new_domain_has_twilios_defaults_and_admits_nobody(tenant: Any) -> None:
    name = domain_name()
    made = tenant.client().sip.domains.create(domain_name=name.upper())
    assert made.sid.startswith("SD")
    assert (made.domain_name, made.friendly_name, made.auth_type) == (name, name, "")
    assert (made.sip_registration, made.secure, made.emergency_calling_enabled) == (False, False, False)
    assert made.voice_url is made.voice_fallback_url is made.voice_status_callback_url is made.byoc_trunk_sid is None
    assert made.voice_method == made.voice_fallback_method == made.voice_status_callback_method == "POST"


def test_what_is_set_on_a_domain_is_read_back_by_every_road(tenant: Any) -> None:
    wanted = {
        "friendly_name": "Front desk",
        "voice_url": "https://shop.example/voice",
        "voice_method": "GET",
        "voice_fallback_url": "https://shop.example/fallback",
        "voice_fallback_method": "GET",
        "voice_status_callback_url": "https://shop.example/status",
        "voice_status_callback_method": "GET",
        "sip_registration": True,
        "emergency_calling_enabled": True,
        "secure": True,
    }
    domains = tenant.client().sip.domains
    made = domains.create(domain_name=domain_name(), **wanted)
    for seen in (made, domains(made.sid).fetch(), domains.list()[0]):
        assert {name: getattr(seen, name) for name in wanted} == wanted
    changed = domains(made.sid).update(voice_url="", secure=False, domain_name="own." + made.domain_name)
    assert (changed.voice_url, changed.secure, changed.voice_method) == (None, False, "GET")
    assert domains(made.sid).fetch().domain_name == "own." + made.domain_name


def test_a_name_is_one_of_the_installation_under_either_suffix(tenant: Any, installation: Any) -> None:
    name = domain_name()
    tenant.client().sip.domains.create(domain_name=name)
    other = installation.new_tenant().client().sip.domains
    label = name.removesuffix(".sip.twilio.com")
    for taken in (name, f"{label}.sip.us1.twilio.com", f"{label}.sip.localhost"):
        assert refused(lambda taken=taken: other.create(domain_name=taken)) == (400, 21232)
    mine = other.create(domain_name=f"{label}-2.sip.localhost")
    assert refused(lambda: other(mine.sid).update(domain_name=name)) == (400, 21232)


@pytest.mark.parametrize("name", ["shop", "shop.example", "sip.twilio.com", ".sip.twilio.com", "a_b.sip.twilio.com"])
def test_a_name_that_cannot_be_is_refused(tenant: Any, name: str) -> None:
    assert refused(lambda: tenant.client().sip.domains.create(domain_name=name)) == (400, 21232)


def test_what_is_missing_or_wrong_is_refused(tenant: Any) -> None:
    sip = tenant.client().sip
    assert refused(lambda: sip.domains.create(domain_name="")) == (400, 20001)
    assert refused(lambda: sip.domains.create(domain_name=domain_name(), voice_url="nowhere")) == (400, 21231)
    assert refused(lambda: sip.credential_lists.create(friendly_name="")) == (400, 20001)
    assert refused(lambda: sip.ip_access_control_lists.create(friendly_name="x" * 65)) == (400, 20001)
    addresses = sip.ip_access_control_lists.create(friendly_name="Office").ip_addresses
    assert refused(lambda: addresses.create("x", "300.1.1.1")) == (400, 20001)
    for prefix in (0, 33):
        assert refused(lambda prefix=prefix: addresses.create("x", "192.0.2.7", prefix)) == (400, 20001)


@pytest.mark.parametrize("password", ["Short-1", "all-lower-case-1", "ALL-UPPER-CASE-1", "No-digit-in-this"])
def test_a_password_that_is_easily_guessed_is_refused(tenant: Any, password: str) -> None:
    listed = tenant.client().sip.credential_lists.create(friendly_name="Phones")
    assert refused(lambda: listed.credentials.create("alice", password)) == (400, 20001)
    made = listed.credentials.create("alice", PASSWORD)
    assert refused(lambda: made.update(password=password)) == (400, 20001)


@pytest.mark.parametrize("username", ["", "al ice", "alice@home", "x" * 33])
def test_a_username_must_fit_an_address(tenant: Any, username: str) -> None:
    listed = tenant.client().sip.credential_lists.create(friendly_name="Phones")
    assert refused(lambda: listed.credentials.create(username, PASSWORD)) == (400, 20001)


def test_a_credential_keeps_two_hashes_and_no_password(tenant: Any) -> None:
    listed = tenant.client().sip.credential_lists.create(friendly_name="Phones")
    made = listed.credentials.create("alice", PASSWORD)
    parts = tenant.installation
    row = parts.run(parts.store.sip_row(tenant.sid, "credential", made.sid, parent=listed.sid))
    assert PASSWORD.encode() not in row.standing

    def secrets(row: Any) -> dict[str, str]:
        record = (sip_credential_record(row.sid), row.standing)
        return decode_sip_secrets(parts.run(parts.keys.open_standing(tenant.sid, [record]))[0])

    known = secrets(row)
    # md5 and sha256 of alice:ringfence:PASSWORD, by another's hand.
    assert {name: len(text) for name, text in known.items()} == {"SHA-256": 64, "MD5": 32}
    made.update(password=PASSWORD + "2")
    changed = parts.run(parts.store.sip_row(tenant.sid, "credential", made.sid, parent=listed.sid))
    assert secrets(changed).keys() == known.keys()
    assert not set(secrets(changed).values()) & set(known.values())
    assert refused(lambda: listed.credentials.create("alice", PASSWORD)) == (400, 20001)


def test_addresses_are_shown_as_written_and_kept_as_networks(tenant: Any) -> None:
    listed = tenant.client().sip.ip_access_control_lists.create(friendly_name="Office")
    made = listed.ip_addresses.create("Gateway", "192.0.2.7", cidr_prefix_length=24)
    assert (made.ip_address, made.cidr_prefix_length) == ("192.0.2.7", 24)
    alone = listed.ip_addresses.create("Six", "2001:DB8::1")
    assert (alone.ip_address, alone.cidr_prefix_length) == ("2001:db8::1", 128)
    parts = tenant.installation
    row = parts.run(parts.store.sip_row(tenant.sid, "ip_address", made.sid, parent=listed.sid))
    assert row.name == "192.0.2.0/24"
    assert made.update(friendly_name="New").cidr_prefix_length == 24
    moved = made.update(ip_address="198.51.100.9")
    assert (moved.ip_address, moved.cidr_prefix_length, moved.friendly_name) == ("198.51.100.9", 32, "New")
    assert [one.sid for one in listed.ip_addresses.list()] == [alone.sid, made.sid]


def test_lists_are_mapped_by_either_road_and_shown_by_both(tenant: Any) -> None:
    sip = tenant.client().sip
    domain = sip.domains.create(domain_name=domain_name())
    phones = sip.credential_lists.create(friendly_name="Phones")
    office = sip.ip_access_control_lists.create(friendly_name="Office")
    domain.credential_list_mappings.create(credential_list_sid=phones.sid)
    domain.auth.calls.ip_access_control_list_mappings.create(ip_access_control_list_sid=office.sid)
    assert domain.fetch().auth_type == "IP_ACL,CREDENTIAL_LIST"
    calls = domain.auth.calls
    for roads, listed in (
        ((domain.credential_list_mappings, calls.credential_list_mappings), phones),
        ((domain.ip_access_control_list_mappings, calls.ip_access_control_list_mappings), office),
    ):
        for road in roads:
            assert [(one.sid, one.friendly_name) for one in road.list()] == [(listed.sid, listed.friendly_name)]
            assert road(listed.sid).fetch().sid == listed.sid
    assert domain.auth.registrations.credential_list_mappings.list() == []
    again = domain.auth.calls.credential_list_mappings
    assert refused(lambda: again.create(credential_list_sid=phones.sid)) == (400, 21231)
    assert refused(lambda: again.create(credential_list_sid=office.sid)) == (400, 21231)
    assert refused(lambda: again.create(credential_list_sid=new_sid("CL"))) == (400, 21231)
    assert domain.credential_list_mappings(phones.sid).delete() is True
    assert calls.credential_list_mappings.list() == []
    assert domain.fetch().auth_type == "IP_ACL"


def test_what_is_deleted_is_gone_with_all_that_hung_on_it(tenant: Any) -> None:
    sip = tenant.client().sip
    domain = sip.domains.create(domain_name=domain_name())
    phones = sip.credential_lists.create(friendly_name="Phones")
    credential = phones.credentials.create("alice", PASSWORD)
    domain.auth.registrations.credential_list_mappings.create(credential_list_sid=phones.sid)
    assert phones.delete() is True
    assert refused(phones.fetch) == refused(credential.fetch) == (404, 20404)
    assert tenant.ask("GET", f"/SIP/CredentialLists/{phones.sid}/Credentials.json").status_code == 404
    assert domain.auth.registrations.credential_list_mappings.list() == []
    assert domain.delete() is True
    assert refused(domain.fetch) == (404, 20404)
    assert tenant.ask("GET", f"/SIP/Domains/{domain.sid}/CredentialListMappings.json").status_code == 404
    # Its name is free again.
    assert sip.domains.create(domain_name=domain.domain_name).sid != domain.sid


def test_an_account_has_at_most_a_hundred_domains(tenant: Any) -> None:
    sip = tenant.client().sip
    for _ in range(100):
        tenant.ask("POST", "/SIP/Domains.json", data={"DomainName": domain_name()})
    assert refused(lambda: sip.domains.create(domain_name=domain_name())) == (400, 21230)
    assert len(sip.domains.list()) == 100
