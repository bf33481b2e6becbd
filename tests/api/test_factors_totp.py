"""Authenticator apps by the official SDK: enrolled once, checked in the key service, one code good once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from msgspec.structs import replace
from tests.api.factor_recipes import IDENTITY, code_of, totp_factor
from tests.api.verify_recipes import SERVICES, ask
from twilio.base.exceptions import TwilioRestException


@pytest.fixture
def service(tenant: Any) -> Any:
    return tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid


@pytest.fixture
def entity(tenant: Any, service: str) -> Any:
    return tenant.client().verify.v2.services(service).entities(IDENTITY)


@pytest.fixture
def verified(tenant: Any, service: str, entity: Any) -> tuple[str, str]:
    """A verified factor and its secret."""
    return totp_factor(tenant, service)


def code_of_error(refused: Any) -> tuple[int, int]:
    return refused.value.status, refused.value.code


def wrong(code: str) -> str:
    return f"{(int(code) + 500_000) % 1_000_000:06d}"


def test_a_factor_tells_its_secret_once(tenant: Any, service: str, entity: Any) -> None:
    made = entity.new_factors.create(
        friendly_name="Alice's telephone", factor_type="totp", metadata=json.dumps({"os": "Android"})
    )
    uri = urlsplit(made.binding["uri"])
    assert parse_qs(uri.query)["secret"] == [made.binding["secret"]]
    assert parse_qs(uri.query)["issuer"] == ["Fade & Co"]
    assert (made.status, made.factor_type, made.identity) == ("unverified", "totp", IDENTITY)
    assert made.config == {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30}
    assert made.metadata == {"os": "Android"}
    fetched = ask(tenant, "GET", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors/{made.sid}")
    assert fetched.json()["friendly_name"] == "Alice's telephone"
    assert made.binding["secret"] not in fetched.text
    assert "binding" not in fetched.json()


def test_a_factor_is_verified_by_its_first_code(tenant: Any, entity: Any) -> None:
    made = entity.new_factors.create(friendly_name="Alice's", factor_type="totp")
    factor = entity.factors(made.sid)
    code = code_of(tenant, made.binding["secret"])
    assert factor.update(auth_payload=wrong(code)).status == "unverified"
    assert factor.update(auth_payload=code).status == "verified"
    assert factor.fetch().status == "verified"


def test_a_verified_factor_answers_no_code_with_verified(tenant: Any, entity: Any, verified: Any) -> None:
    with pytest.raises(TwilioRestException) as refused:
        entity.factors(verified[0]).update(auth_payload="000000")
    assert code_of_error(refused) == (403, 60311)


def test_a_factor_is_not_verified_after_five_wrong_codes(tenant: Any, entity: Any) -> None:
    made = entity.new_factors.create(friendly_name="Alice's", factor_type="totp")
    code = code_of(tenant, made.binding["secret"])
    for _ in range(5):
        entity.factors(made.sid).update(auth_payload=wrong(code))
    with pytest.raises(TwilioRestException) as refused:
        entity.factors(made.sid).update(auth_payload=code)
    assert code_of_error(refused) == (429, 60310)
    assert entity.factors(made.sid).fetch().status == "unverified"


def test_a_challenge_is_approved_by_a_code_and_by_none_twice(tenant: Any, entity: Any, verified: Any) -> None:
    factor, secret = verified
    code = code_of(tenant, secret)
    challenge = entity.challenges.create(factor_sid=factor)
    assert challenge.status == "pending"
    assert entity.challenges(challenge.sid).update(auth_payload=wrong(code)).status == "pending"
    assert entity.challenges(challenge.sid).update(auth_payload=code).status == "approved"
    fetched = entity.challenges(challenge.sid).fetch()
    assert (fetched.status, fetched.factor_sid) == ("approved", factor)
    assert fetched.date_responded is not None
    # The code is used; and who sends anything to the challenge again does not read "approved".
    assert entity.challenges.create(factor_sid=factor, auth_payload=code).status == "pending"
    with pytest.raises(TwilioRestException) as refused:
        entity.challenges(challenge.sid).update(auth_payload=wrong(code))
    assert code_of_error(refused) == (403, 60324)


def test_a_challenge_with_a_code_answers_at_once(tenant: Any, entity: Any, verified: Any) -> None:
    factor, secret = verified
    code = code_of(tenant, secret)
    assert entity.challenges.create(factor_sid=factor, auth_payload=wrong(code)).status == "pending"
    challenge = entity.challenges.create(factor_sid=factor, auth_payload=code, hidden_details='{"ip": "192.0.2.7"}')
    assert challenge.status == "approved"
    assert challenge.hidden_details == {"ip": "192.0.2.7"}


def test_a_challenge_has_five_checks(tenant: Any, entity: Any, verified: Any) -> None:
    factor, secret = verified
    challenge = entity.challenges(entity.challenges.create(factor_sid=factor).sid)
    for _ in range(5):
        assert challenge.update(auth_payload=wrong(code_of(tenant, secret))).status == "pending"
    with pytest.raises(TwilioRestException) as refused:
        challenge.update(auth_payload=code_of(tenant, secret))
    assert code_of_error(refused) == (429, 60308)
    assert challenge.fetch().status == "pending"


def test_an_unverified_factor_is_not_challenged(tenant: Any, entity: Any) -> None:
    made = entity.new_factors.create(friendly_name="Alice's", factor_type="totp")
    with pytest.raises(TwilioRestException) as refused:
        entity.challenges.create(factor_sid=made.sid, auth_payload=code_of(tenant, made.binding["secret"]))
    assert code_of_error(refused) == (403, 60318)


def test_short_codes_are_asked_for_less_often(tenant: Any, service: str, entity: Any) -> None:
    made = entity.new_factors.create(friendly_name="Alice's", factor_type="totp")
    entity.factors(made.sid).update(auth_payload=code_of(tenant, made.binding["secret"]))
    entity.factors(made.sid).update(config_code_length=4)
    for _ in range(10):
        entity.challenges.create(factor_sid=made.sid)
    with pytest.raises(TwilioRestException) as refused:
        entity.challenges.create(factor_sid=made.sid)
    assert code_of_error(refused) == (429, 60312)


@pytest.mark.parametrize(
    "payload", ["12", "123456789", "12 456", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "+12345"]
)
def test_what_cannot_be_a_code_is_no_check(tenant: Any, service: str, entity: Any, verified: Any, payload: str) -> None:
    factor, secret = verified
    sid = entity.challenges.create(factor_sid=factor).sid
    for _ in range(6):
        for path, form in ((f"Challenges/{sid}", {}), ("Challenges", {"FactorSid": factor})):
            where = f"{SERVICES}/{service}/Entities/{IDENTITY}/{path}"
            refused = ask(tenant, "POST", where, {**form, "AuthPayload": payload})
            assert (refused.status_code, refused.json()["code"]) == (400, 60200)
            assert payload not in refused.text
    assert entity.challenges(sid).update(auth_payload=code_of(tenant, secret)).status == "approved"


@pytest.mark.parametrize("length", [3, 4, 5, 7, 8])
def test_a_code_of_another_length_is_wrong_like_any(tenant: Any, entity: Any, verified: Any, length: int) -> None:
    factor, secret = verified
    payload = (code_of(tenant, secret) * 2)[:length]
    assert entity.challenges.create(factor_sid=factor, auth_payload=payload).status == "pending"


def test_the_services_settings_and_the_factors_own_shape_codes(tenant: Any) -> None:
    client = tenant.client().verify.v2
    service = client.services.create(
        friendly_name="Fade & Co", totp_issuer="Fade", totp_time_step=60, totp_code_length=8, totp_skew=0
    )
    factors = client.services(service.sid).entities(IDENTITY).new_factors
    standard = factors.create(friendly_name="Alice's", factor_type="totp")
    assert standard.config == {"alg": "sha1", "skew": 0, "code_length": 8, "time_step": 60}
    assert "issuer=Fade&" in standard.binding["uri"]
    own = factors.create(
        friendly_name="Alice's",
        factor_type="totp",
        config_alg="sha256",
        config_time_step=20,
        config_code_length=3,
        config_skew=2,
        binding_secret="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    )
    assert own.config == {"alg": "sha256", "skew": 2, "code_length": 3, "time_step": 20}
    assert own.binding["secret"] == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("FriendlyName", ""),
        ("FriendlyName", "x" * 65),
        ("Config.TimeStep", "19"),
        ("Config.TimeStep", "61"),
        ("Config.Skew", "3"),
        ("Config.CodeLength", "2"),
        ("Config.CodeLength", "9"),
        ("Config.Alg", "md5"),
        ("Binding.Secret", "not base32!"),
        ("Binding.Secret", "GEZDGNBVGY3TQO"),
        ("Metadata", "[]"),
        ("Metadata", '{"a": 1}'),
    ],
)
def test_what_a_factor_cannot_be_is_refused(tenant: Any, service: str, field: str, value: str) -> None:
    form = {"FriendlyName": "Alice's", "FactorType": "totp", field: value}
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors", form)
    assert (refused.status_code, refused.json()["code"]) == (400, 60200)
    assert not value or f'"{value}"' not in refused.text


@pytest.mark.parametrize("kind", ["", "sms", "passkeys", "TOTP"])
def test_a_factor_is_of_a_kind(tenant: Any, service: str, kind: str) -> None:
    form = {"FriendlyName": "Alice's", "FactorType": kind}
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors", form)
    assert (refused.status_code, refused.json()["code"]) == (400, 60369)


@pytest.mark.parametrize(
    "identity", ["", "short-7", "x" * 65, "with space", "-leading-dash", "two--dashes", "\u0661" * 9]
)
def test_an_identity_is_letters_and_digits_with_dashes(tenant: Any, service: str, identity: str) -> None:
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities", {"Identity": identity})
    assert (refused.status_code, refused.json()["code"]) == (400, 60366)


def test_entities_are_made_once_listed_and_found_by_their_identity(tenant: Any, service: str) -> None:
    entities = tenant.client().verify.v2.services(service).entities
    made = [entities.create(identity=f"identity-{n}") for n in range(3)]
    assert entities.create(identity="identity-1").sid == made[1].sid
    assert [entity.identity for entity in entities.list()] == ["identity-2", "identity-1", "identity-0"]
    assert [entity.identity for entity in entities.list(page_size=1)] == ["identity-2", "identity-1", "identity-0"]
    assert entities("identity-2").fetch().sid == made[2].sid


def test_factors_and_challenges_are_listed(tenant: Any, entity: Any, verified: Any) -> None:
    factor, secret = verified
    other = entity.new_factors.create(friendly_name="Another", factor_type="totp")
    assert [one.sid for one in entity.factors.list(page_size=1)] == [other.sid, factor]
    sids = [entity.challenges.create(factor_sid=factor).sid for _ in range(3)]
    entity.challenges(sids[1]).update(auth_payload=code_of(tenant, secret))

    def listed(**wanted: Any) -> list[str]:
        return [challenge.sid for challenge in entity.challenges.list(page_size=1, **wanted)]

    assert listed() == sids[::-1]
    assert listed(order="asc") == sids
    assert listed(status="approved") == [sids[1]]
    assert listed(status="pending", order="asc") == [sids[0], sids[2]]
    assert listed(factor_sid=other.sid) == []


def test_a_factor_is_renamed_and_configured_anew(tenant: Any, entity: Any, verified: Any) -> None:
    factor, secret = verified
    changed = entity.factors(factor).update(friendly_name="Alice's new one", config_time_step=60, config_skew=2)
    assert changed.friendly_name == "Alice's new one"
    assert changed.config == {"alg": "sha1", "skew": 2, "code_length": 6, "time_step": 60}
    assert entity.factors(factor).fetch().config == changed.config
    # A code of the old time step is none of the new one.
    assert entity.challenges.create(factor_sid=factor, auth_payload=code_of(tenant, secret)).status == "pending"


def test_a_deleted_factor_checks_nothing(tenant: Any, entity: Any, verified: Any) -> None:
    factor, secret = verified
    challenge = entity.challenges.create(factor_sid=factor)
    assert entity.factors(factor).delete() is True
    for refused_call in (
        lambda: entity.factors(factor).fetch(),
        lambda: entity.challenges(challenge.sid).update(auth_payload=code_of(tenant, secret)),
        lambda: entity.challenges.create(factor_sid=factor),
        lambda: entity.factors(factor).delete(),
    ):
        with pytest.raises(TwilioRestException) as refused:
            refused_call()
        assert code_of_error(refused) == (404, 20404)


@pytest.mark.parametrize("whole", ["entity", "service"])
def test_nothing_is_left_of_what_was_deleted(tenant: Any, service: str, entity: Any, verified: Any, whole: str) -> None:
    factor, _ = verified
    challenge = entity.challenges.create(factor_sid=factor).sid
    installation = tenant.installation
    (row,) = installation.run(installation.store.entities(tenant.sid, service))
    assert installation.keys._store.row("SELECT 1 FROM totp_secret WHERE factor = ?", factor) is not None
    (entity if whole == "entity" else tenant.client().verify.v2.services(service)).delete()
    store = installation.store
    assert installation.run(store.entities(tenant.sid, service)) == []
    assert installation.run(store.factors(tenant.sid, row.sid)) == []
    assert installation.run(store.challenge(tenant.sid, service, challenge)) is None
    assert installation.keys._store.row("SELECT 1 FROM totp_secret WHERE factor = ?", factor) is None


def test_a_factor_is_another_entitys_and_another_services_nowhere(
    tenant: Any, installation: Any, service: str, entity: Any, verified: Any
) -> None:
    factor, secret = verified
    challenge = entity.challenges.create(factor_sid=factor).sid
    client = tenant.client().verify.v2
    other_service = client.services.create(friendly_name="Other").sid
    stranger = installation.new_tenant().client().verify.v2
    for other in (
        client.services(service).entities("somebody-else"),
        client.services(other_service).entities(IDENTITY),
        stranger.services(service).entities(IDENTITY),
        stranger.services(stranger.services.create(friendly_name="Theirs").sid).entities(IDENTITY),
    ):
        for call in (
            lambda other=other: other.factors(factor).fetch(),
            lambda other=other: other.challenges(challenge).fetch(),
            lambda other=other: other.challenges(challenge).update(auth_payload=code_of(tenant, secret)),
            lambda other=other: other.challenges.create(factor_sid=factor, auth_payload=code_of(tenant, secret)),
        ):
            with pytest.raises(TwilioRestException) as refused:
                call()
            assert code_of_error(refused) == (404, 20404)
    assert entity.challenges(challenge).update(auth_payload=code_of(tenant, secret)).status == "approved"


def test_a_challenge_ends_when_it_is_to(tenant: Any, entity: Any, verified: Any) -> None:
    now = datetime.now(UTC)
    for wanted in (now - timedelta(seconds=1), now + timedelta(minutes=61)):
        with pytest.raises(TwilioRestException) as refused:
            entity.challenges.create(factor_sid=verified[0], expiration_date=wanted)
        assert code_of_error(refused) == (400, 60200)
    made = entity.challenges.create(factor_sid=verified[0], expiration_date=now + timedelta(minutes=59))
    assert abs(made.expiration_date - now - timedelta(minutes=59)) < timedelta(seconds=2)
    standard = entity.challenges.create(factor_sid=verified[0])
    assert standard.expiration_date - standard.date_created == timedelta(minutes=5)


def test_an_expired_challenge_is_not_answered(tenant: Any, service: str, entity: Any, verified: Any) -> None:
    factor, secret = verified
    sid = entity.challenges.create(factor_sid=factor, expiration_date=datetime.now(UTC) + timedelta(minutes=1)).sid
    store = tenant.installation.store
    key = (tenant.sid, service, sid)
    store._challenges[key] = replace(store._challenges[key], expires_ms=1)
    assert entity.challenges(sid).fetch().status == "expired"
    with pytest.raises(TwilioRestException) as refused:
        entity.challenges(sid).update(auth_payload=code_of(tenant, secret))
    assert code_of_error(refused) == (403, 60323)


def test_a_challenge_without_a_payload_is_not_answered(tenant: Any, service: str, entity: Any, verified: Any) -> None:
    sid = entity.challenges.create(factor_sid=verified[0]).sid
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Challenges/{sid}")
    assert (refused.status_code, refused.json()["code"]) == (400, 60200)


def test_an_entity_has_twenty_factors(tenant: Any, entity: Any) -> None:
    made = [entity.new_factors.create(friendly_name="x", factor_type="totp").sid for _ in range(20)]
    with pytest.raises(TwilioRestException) as refused:
        entity.new_factors.create(friendly_name="x", factor_type="totp")
    assert code_of_error(refused) == (429, 60326)
    secrets = tenant.installation.keys._store.rows("SELECT factor FROM totp_secret WHERE account = ?", tenant.sid)
    assert sorted(sid for (sid,) in secrets) == sorted(made)


def test_an_api_key_reads_what_the_account_made(tenant: Any, service: str, verified: Any) -> None:
    key = tenant.client().new_keys.create(friendly_name="back end")
    entity = tenant.client(key.sid, key.secret).verify.v2.services(service).entities(IDENTITY)
    assert entity.factors(verified[0]).fetch().friendly_name == "Alice's telephone"


def test_answers_do_not_show_what_they_hold(tenant: Any, service: str, verified: Any) -> None:
    url = f"{tenant.installation.url}/verify{SERVICES}/{service}/Entities/{IDENTITY}/Factors/{verified[0]}"
    assert requests.get(url, timeout=10).status_code == 401
