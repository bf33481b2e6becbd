"""Passkeys by the official SDK and a software authenticator: registered, used, and refused."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from tests.api.factor_recipes import totp_factor
from tests.api.passkey_recipes import IDENTITY, ORIGIN, SETTINGS, Shop
from tests.api.verify_recipes import SERVICES, ask
from twilio.base.exceptions import TwilioRestException

from software_authenticator import BE, BS, UP, UV, SoftwareAuthenticator, Wrong, b64, new_key, unb64

OTHER = "another-identity"


@pytest.fixture
def shop(tenant: Any) -> Shop:
    return Shop(tenant)


@pytest.fixture
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


def code_of(refused: Any) -> tuple[int, int]:
    return refused.value.status, refused.value.code


def test_a_factor_says_what_a_browser_is_to_be_asked(shop: Shop) -> None:
    made = shop.begin()
    assert (made.status, made.factor_type, made.identity, made.binding) == ("unverified", "passkeys", IDENTITY, None)
    assert made.config == {
        "relying_party": {
            "id": "shop.example",
            "name": "Shop",
            "origins": ["https://shop.example", "https://login.shop.example"],
        },
        "authenticator_attachment": "platform",
        "discoverable_credentials": "preferred",
        "user_verification": "preferred",
    }
    options = made.options["publicKey"]
    challenge = unb64(options.pop("challenge"))
    assert challenge[:34].decode() == made.sid
    assert len(challenge) == 34 + 32
    assert options == {
        "rp": {"id": "shop.example", "name": "Shop"},
        "user": {"id": b64(made.entity_sid.encode()), "name": "Ann's telephone", "displayName": "Ann's telephone"},
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-7, -8, -257)],
        "timeout": 600_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "authenticatorAttachment": "platform",
            "requireResidentKey": False,
            "residentKey": "preferred",
            "userVerification": "preferred",
        },
        "attestation": "none",
    }
    assert made.url.endswith(f"/Entities/{IDENTITY}/Factors/{made.sid}")


def test_a_passkey_is_registered_and_listed_with_the_entitys_other_factors(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    totp, _ = totp_factor(tenant, shop.sid)
    verified = shop.register(authenticator)
    assert (verified.status, verified.identity, verified.friendly_name) == ("verified", IDENTITY, "Ann's telephone")
    assert verified.metadata == {"aaguid": "00000000-0000-0000-0000-000000000000"}
    factors = shop.service.entities(IDENTITY).factors.list()
    assert [(factor.sid, factor.factor_type) for factor in factors] == [(verified.sid, "passkeys"), (totp, "totp")]
    fetched = ask(tenant, "GET", f"{SERVICES}/{shop.sid}/Entities/{IDENTITY}/Factors/{verified.sid}")
    assert fetched.json()["status"] == "verified"
    assert b64(authenticator.credential_id) not in fetched.text


def test_a_member_logs_in_by_name(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor = shop.register(authenticator)
    asked = shop.ask(IDENTITY)
    assert (asked.status, asked.factor_type, asked.identity, asked.factor_sid) == ("pending", "passkeys", IDENTITY, "")
    options = asked.options["publicKey"]
    assert options["rpId"] == "shop.example"
    assert options["timeout"] == 300_000
    assert options["userVerification"] == "preferred"
    assert options["allowCredentials"] == [
        {"type": "public-key", "id": b64(authenticator.credential_id), "transports": ["hybrid", "internal"]}
    ]
    approved = shop.approve(authenticator.get(options, ORIGIN))
    assert (approved.sid, approved.status, approved.identity) == (asked.sid, "approved", IDENTITY)
    assert (approved.factor_sid, approved.entity_sid) == (factor.sid, factor.entity_sid)
    assert approved.date_responded is not None
    assert approved.options == asked.options
    listed = shop.service.entities(IDENTITY).challenges.list()
    assert [(challenge.sid, challenge.status) for challenge in listed] == [(asked.sid, "approved")]
    metadata = shop.service.entities(IDENTITY).factors(factor.sid).fetch().metadata
    assert metadata["date_last_approved"] == approved.date_responded.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_member_logs_in_without_a_name(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor = shop.register(authenticator)
    shop.register(SoftwareAuthenticator(), OTHER)
    asked = shop.ask()
    assert (asked.entity_sid, asked.identity, asked.factor_sid) == ("", "", "")
    assert asked.options["publicKey"]["allowCredentials"] == []
    approved = shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN))
    assert (approved.status, approved.identity) == ("approved", IDENTITY)
    assert (approved.entity_sid, approved.factor_sid) == (factor.entity_sid, factor.sid)
    assert shop.service.entities(IDENTITY).challenges(asked.sid).fetch().status == "approved"


def test_without_a_name_the_authenticator_must_say_whose_it_is(
    shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    shop.register(authenticator)
    for handle in (b"", b"YE" + b"0" * 32):
        with pytest.raises(TwilioRestException, match="another user's") as refused:
            shop.log_in(authenticator, None, Wrong(user_handle=handle))
        assert code_of(refused) == (403, 60324)
    assert shop.log_in(authenticator, IDENTITY, Wrong(user_handle=b"")).status == "approved"


def test_one_factor_is_asked_and_no_other_answers(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor, second = shop.register(authenticator), SoftwareAuthenticator()
    shop.register(second)
    asked = shop.ask(IDENTITY, factor.sid)
    assert asked.factor_sid == factor.sid
    assert [each["id"] for each in asked.options["publicKey"]["allowCredentials"]] == [b64(authenticator.credential_id)]
    with pytest.raises(TwilioRestException, match="not asked") as refused:
        shop.approve(second.get(asked.options["publicKey"], ORIGIN))
    assert code_of(refused) == (403, 60324)
    assert shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN)).status == "approved"


def test_the_passkey_of_another_entity_is_refused(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    shop.register(authenticator)
    other = SoftwareAuthenticator()
    shop.register(other, OTHER)
    with pytest.raises(TwilioRestException, match="not asked") as refused:
        shop.log_in(other, IDENTITY)
    assert code_of(refused) == (403, 60324)


def test_an_answer_serves_once(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    shop.register(authenticator)
    answer = authenticator.get(shop.ask(IDENTITY).options["publicKey"], ORIGIN)
    assert shop.approve(answer).status == "approved"
    with pytest.raises(TwilioRestException, match="no question") as refused:
        shop.approve(answer)
    assert code_of(refused) == (403, 60324)


def test_of_many_at_once_one_answer_serves(tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor = shop.register(authenticator)
    answer = authenticator.get(shop.ask(IDENTITY).options["publicKey"], ORIGIN)
    url = f"{tenant.installation.url}/verify{SERVICES}/{shop.sid}/Passkeys/ApproveChallenge"

    def approve(_: int) -> int:
        return requests.post(url, auth=(tenant.sid, tenant.token), json=answer, timeout=10).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(approve, range(16)))
    assert sorted(statuses) == [200] + [403] * 15
    assert "date_counter_regressed" not in shop.service.entities(IDENTITY).factors(factor.sid).fetch().metadata


def test_an_answer_that_comes_too_late_is_refused(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.register(authenticator)
    asked = shop.ask(IDENTITY)
    answer = authenticator.get(asked.options["publicKey"], ORIGIN)
    monkeypatch.setattr(tenant.installation.clock, "offset_ms", 300_000)
    with pytest.raises(TwilioRestException, match="Challenge expired") as refused:
        shop.approve(answer)
    assert code_of(refused) == (403, 60323)
    assert shop.service.entities(IDENTITY).challenges(asked.sid).fetch().status == "expired"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        pytest.param({"origin": "https://shop-example.evil.example"}, "origins", id="lookalike"),
        pytest.param({"rp_id": "evil.example"}, "relying party", id="another party"),
        pytest.param({"type": "webauthn.create"}, "another kind", id="another question"),
        pytest.param({"flags": UV}, "nobody", id="nobody there"),
        pytest.param({"signing_key": new_key()}, "signature", id="another key"),
        pytest.param({"tail": b"\x00"}, "not as browsers send it", id="a byte more"),
    ],
)
def test_a_wrong_answer_is_refused_and_leaves_the_question_open(
    shop: Shop, authenticator: SoftwareAuthenticator, wrong: dict[str, Any], why: str
) -> None:
    shop.register(authenticator)
    asked = shop.ask(IDENTITY)
    with pytest.raises(TwilioRestException, match=why) as refused:
        shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN, Wrong(**wrong)))
    assert code_of(refused) == (403, 60324)
    assert shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN)).status == "approved"


def test_a_passkey_that_counts_backwards_is_refused_and_marked(
    shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    factor = shop.register(authenticator)
    shop.log_in(authenticator)
    asked = shop.ask(IDENTITY)
    with pytest.raises(TwilioRestException, match="copies") as refused:
        shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN, Wrong(sign_count=1)))
    assert code_of(refused) == (403, 60324)
    assert shop.service.entities(IDENTITY).challenges(asked.sid).fetch().status == "denied"
    metadata = shop.service.entities(IDENTITY).factors(factor.sid).fetch().metadata
    assert metadata.keys() == {"aaguid", "date_last_approved", "date_counter_regressed"}
    assert shop.log_in(authenticator).status == "approved"


def test_a_passkey_that_counts_nothing_and_is_copied_by_its_user_goes_on(shop: Shop) -> None:
    synced = SoftwareAuthenticator(flags=UP | UV | BE, counts=False)
    shop.register(synced)
    assert shop.log_in(synced).status == "approved"
    assert shop.log_in(synced, IDENTITY, Wrong(flags=UP | UV | BE | BS)).status == "approved"
    with pytest.raises(TwilioRestException, match="backup"):
        shop.log_in(synced, IDENTITY, Wrong(flags=UP | UV))


def test_who_must_show_himself_is_not_let_in_without(tenant: Any) -> None:
    shop, authenticator = Shop(tenant), SoftwareAuthenticator()
    shop.register(
        authenticator,
        authenticator_attachment="any",
        discoverable_credentials="required",
        user_verification="required",
    )
    assert shop.ask(IDENTITY).options["publicKey"]["userVerification"] == "required"
    for identity in (IDENTITY, None):
        with pytest.raises(TwilioRestException, match="not verified") as refused:
            shop.log_in(authenticator, identity, Wrong(flags=UP))
        assert code_of(refused) == (403, 60324)


def test_what_nobody_answers_is_forgotten(tenant: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    store, run = tenant.installation.store, tenant.installation.run
    left = shop.ask()
    monkeypatch.setattr(tenant.installation.clock, "offset_ms", 299_000)
    later = shop.ask()
    assert run(store.challenge(tenant.sid, shop.sid, left.sid)) is not None
    monkeypatch.setattr(tenant.installation.clock, "offset_ms", 310_000)
    shop.ask()
    assert run(store.challenge(tenant.sid, shop.sid, left.sid)) is None
    assert run(store.challenge(tenant.sid, shop.sid, later.sid)) is not None


# --- registration


def test_what_a_request_asks_for_comes_before_the_services_settings(shop: Shop) -> None:
    made = shop.begin(
        relying_party={"id": "other.example", "name": "Other", "origins": ["https://www.other.example:8443"]},
        authenticator_attachment="any",
        discoverable_credentials="required",
        user_verification="discouraged",
    )
    options = made.options["publicKey"]
    assert options["rp"] == {"id": "other.example", "name": "Other"}
    assert options["authenticatorSelection"] == {
        "requireResidentKey": True,
        "residentKey": "required",
        "userVerification": "discouraged",
    }
    assert made.config["relying_party"]["origins"] == ["https://www.other.example:8443"]


def test_a_passkey_of_another_party_than_the_services_is_not_asked(
    shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    party = {"id": "other.example", "name": "Other", "origins": [ORIGIN.replace("shop", "other")]}
    made = shop.begin(relying_party=party)
    answer = authenticator.create(made.options["publicKey"], party["origins"][0])
    shop.verify(answer)
    with pytest.raises(TwilioRestException) as refused:
        shop.ask(IDENTITY)
    assert code_of(refused) == (403, 60382)
    asked = shop.ask()
    with pytest.raises(TwilioRestException) as refused:
        shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN))
    assert code_of(refused) == (403, 60382)


def test_a_service_without_a_party_asks_for_that_of_the_passkeys(
    tenant: Any, authenticator: SoftwareAuthenticator
) -> None:
    shop = Shop(tenant, passkeys_relying_party_id="")
    party = {"id": "shop.example", "name": "Shop", "origins": [ORIGIN]}
    shop.register(authenticator, relying_party=party)
    assert shop.log_in(authenticator).status == "approved"
    with pytest.raises(TwilioRestException) as refused:
        shop.ask()
    assert code_of(refused) == (400, 60372)


def test_a_second_passkey_is_not_made_where_there_is_one(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    shop.register(authenticator)
    shop.register(SoftwareAuthenticator(), OTHER)
    shop.begin()
    (taken,) = shop.begin().options["publicKey"]["excludeCredentials"]
    assert taken["id"] == b64(authenticator.credential_id)


@pytest.mark.parametrize("identity", [IDENTITY, OTHER])
def test_a_credential_belongs_to_one_factor(shop: Shop, authenticator: SoftwareAuthenticator, identity: str) -> None:
    shop.register(authenticator)
    with pytest.raises(TwilioRestException, match="belongs to a factor") as refused:
        shop.register(authenticator, identity)
    assert code_of(refused) == (403, 60311)
    assert shop.log_in(authenticator, IDENTITY, Wrong(user_handle=b"")).identity == IDENTITY


def test_a_registration_serves_once(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    begun = shop.begin()
    options = begun.options["publicKey"]
    shop.verify(authenticator.create(options, ORIGIN))
    for again in (authenticator, SoftwareAuthenticator()):
        with pytest.raises(TwilioRestException, match="no question") as refused:
            shop.verify(again.create(options, ORIGIN))
        assert code_of(refused) == (403, 60311)


def test_of_many_registrations_at_once_one_serves(tenant: Any, shop: Shop) -> None:
    options = shop.begin().options["publicKey"]
    answers = [SoftwareAuthenticator().create(options, ORIGIN) for _ in range(8)]
    url = f"{tenant.installation.url}/verify{SERVICES}/{shop.sid}/Passkeys/VerifyFactor"

    def verify(answer: dict[str, Any]) -> int:
        return requests.post(url, auth=(tenant.sid, tenant.token), json=answer, timeout=10).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(verify, answers)) == [200] + [403] * 7


def test_a_registration_that_comes_too_late_is_refused_and_makes_room(
    tenant: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = [shop.begin() for _ in range(20)]
    with pytest.raises(TwilioRestException) as refused:
        shop.begin()
    assert code_of(refused) == (429, 60326)
    answer = SoftwareAuthenticator().create(begun[0].options["publicKey"], ORIGIN)
    monkeypatch.setattr(tenant.installation.clock, "offset_ms", 600_000)
    with pytest.raises(TwilioRestException, match="its time is up") as refused:
        shop.verify(answer)
    assert code_of(refused) == (403, 60311)
    fresh = shop.begin()
    assert [factor.sid for factor in shop.service.entities(IDENTITY).factors.list()] == [fresh.sid]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"origin": "https://evil.example"}, "origins"),
        ({"challenge": b"YF" + b"0" * 64}, "no question"),
        ({"challenge": bytes(32)}, "no question"),
        ({"client_json": b"{}"}, "not as browsers send it"),
        ({"flags": UV}, "nobody"),
        ({"named_id": bytes(32)}, "was not asked"),
    ],
)
def test_a_wrong_registration_is_refused(
    shop: Shop, authenticator: SoftwareAuthenticator, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(TwilioRestException, match=why) as refused:
        shop.register(authenticator, wrong=Wrong(**wrong))
    assert code_of(refused) == (403, 60311)
    (factor,) = shop.service.entities(IDENTITY).factors.list()
    assert factor.status == "unverified"


def test_a_challenge_with_the_right_name_and_wrong_bytes_is_refused(
    shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    begun = shop.begin()
    with pytest.raises(TwilioRestException, match="no question"):
        shop.verify(
            authenticator.create(begun.options["publicKey"], ORIGIN, Wrong(challenge=begun.sid.encode() + bytes(32)))
        )


def test_a_passkey_that_is_not_verified_is_not_asked(shop: Shop) -> None:
    begun = shop.begin()
    for factor in (None, begun.sid):
        with pytest.raises(TwilioRestException) as refused:
            shop.ask(IDENTITY, factor)
        assert code_of(refused) == (403, 60318)


def test_who_has_no_passkey_is_not_asked(tenant: Any, shop: Shop) -> None:
    totp, _ = totp_factor(tenant, shop.sid)
    for identity, factor in ((IDENTITY, None), (IDENTITY, totp), (OTHER, None), (IDENTITY, "YF" + "0" * 32)):
        with pytest.raises(TwilioRestException) as refused:
            shop.ask(identity, factor)
        assert code_of(refused) == (404, 20404)


def test_a_deleted_passkey_lets_nobody_in(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor = shop.register(authenticator)
    asked = shop.ask()
    assert shop.service.entities(IDENTITY).factors(factor.sid).delete()
    with pytest.raises(TwilioRestException, match="not asked") as refused:
        shop.approve(authenticator.get(asked.options["publicKey"], ORIGIN))
    assert code_of(refused) == (403, 60324)
    assert shop.register(authenticator, OTHER).status == "verified"


def test_a_service_knows_no_passkeys_and_challenges_of_another(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    shop.register(authenticator)
    other = Shop(tenant)
    with pytest.raises(TwilioRestException, match="no question"):
        other.approve(authenticator.get(shop.ask(IDENTITY).options["publicKey"], ORIGIN))
    with pytest.raises(TwilioRestException, match="not asked"):
        other.approve(authenticator.get(other.ask().options["publicKey"], ORIGIN))
    with pytest.raises(TwilioRestException, match="no question"):
        other.verify(SoftwareAuthenticator().create(shop.begin().options["publicKey"], ORIGIN))


# --- what is missing


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"passkeys_relying_party_id": ""}, 60372),
        ({"passkeys_relying_party_name": ""}, 60371),
        ({"passkeys_relying_party_origins": "evil.example"}, 60371),
    ],
)
def test_a_relying_party_is_whole(tenant: Any, settings: dict[str, str], code: int) -> None:
    shop = Shop(tenant, **settings)
    for begin in (shop.begin, shop.ask):
        with pytest.raises(TwilioRestException) as refused:
            begin()
        assert code_of(refused) == (400, code)


def test_a_relying_party_in_a_request_is_one_too(shop: Shop) -> None:
    for party, code in (
        ({"id": "192.0.2.1"}, 60372),
        ({"id": "https://shop.example"}, 60372),
        ({"origins": ["http://shop.example"]}, 60371),
        ({"origins": ["https://shop.example/login"]}, 60371),
    ):
        with pytest.raises(TwilioRestException) as refused:
            shop.begin(relying_party=party)
        assert code_of(refused) == (400, code)


def test_criteria_that_are_missing_are_named(tenant: Any) -> None:
    verify = tenant.client().verify.v2
    settings = {name: value for name, value in SETTINGS.items() if "relying_party" in name}
    shop = Shop(tenant)
    shop.sid = verify.services.create(friendly_name="Shop", **settings).sid
    shop.service = verify.services(shop.sid)
    with pytest.raises(TwilioRestException, match="discoverable_credentials, user_verification") as refused:
        shop.begin(authenticator_attachment="any")
    assert code_of(refused) == (400, 60393)


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"name": ""}, 60388), ({"name": "x" * 65}, 60200), ({"name": "a\nb"}, 60200), ({"identity": "short"}, 60366)],
)
def test_a_name_and_an_identity_are_read(shop: Shop, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        shop.begin(**fields)
    assert code_of(refused) == (400, code)


def test_an_answer_without_its_parts_names_what_is_missing(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    created = authenticator.create(shop.begin().options["publicKey"], ORIGIN)
    for answer, code in (
        (created | {"response": None}, 60386),
        (created | {"response": created["response"] | {"attestationObject": None}}, 60386),
        (created | {"response": created["response"] | {"clientDataJSON": "a=b"}}, 60200),
        (created | {"authenticatorAttachment": "any"}, 20001),
    ):
        with pytest.raises(TwilioRestException) as refused:
            shop.verify(answer)
        assert code_of(refused) == (400, code)
    got = authenticator.get({"challenge": ""}, ORIGIN)
    for answer, code in (
        (got | {"id": None, "rawId": None}, 60376),
        (got | {"response": None}, 60379),
        (got | {"response": got["response"] | {"authenticatorData": None}}, 60379),
        (got | {"response": got["response"] | {"signature": ""}}, 60381),
        (got | {"type": "password"}, 60200),
    ):
        with pytest.raises(TwilioRestException) as refused:
            shop.approve(answer)
        assert code_of(refused) == (400, code)


def test_an_app_and_a_page_of_this_machine_may_be_origins(tenant: Any) -> None:
    app = "android:apk-key-hash:" + "a" * 43
    shop = Shop(
        tenant, passkeys_relying_party_id="localhost", passkeys_relying_party_origins=f"http://localhost:8000,{app}"
    )
    assert shop.service.fetch().passkeys["relying_party"]["origins"] == ["http://localhost:8000", app]
    for origin in ("http://localhost:8000", app):
        answer = SoftwareAuthenticator().create(shop.begin().options["publicKey"], origin)
        assert shop.verify(answer).status == "verified"


# --- webhooks


def test_webhooks_are_told_of_passkeys_and_of_what_they_answer(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    shop.service.webhooks.create(friendly_name="all", event_types=["*"], webhook_url="https://shop.example/hook")

    def told(subject: str) -> list[str]:
        store = tenant.installation.store
        return [row.kind for row in tenant.installation.run(store.tellings(tenant.sid, subject))]

    begun = shop.begin()
    assert told(begun.sid) == ["factor.created"]
    with pytest.raises(TwilioRestException):
        shop.verify(authenticator.create(begun.options["publicKey"], ORIGIN, Wrong(flags=UV)))
    assert told(begun.sid) == ["factor.created"]
    shop.verify(authenticator.create(begun.options["publicKey"], ORIGIN))
    assert told(begun.sid) == ["factor.created", "factor.verified"]
    asked = shop.ask()
    assert told(asked.sid) == []
    answer = authenticator.get(asked.options["publicKey"], ORIGIN)
    shop.approve(answer)
    with pytest.raises(TwilioRestException):
        shop.approve(answer)
    assert told(asked.sid) == ["challenge.approved"]
    copied = shop.ask(IDENTITY)
    with pytest.raises(TwilioRestException):
        shop.approve(authenticator.get(copied.options["publicKey"], ORIGIN, Wrong(sign_count=1)))
    assert told(copied.sid) == ["challenge.denied"]
