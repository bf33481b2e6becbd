"""Devices that approve: enrolled by a token that opens nothing else, asked seldom, answering with what they sign."""

import json
from copy import copy
from typing import Any

import pytest
import requests
from tests.api.factor_recipes import IDENTITY, code_of, totp_factor
from tests.api.push_device import FORM, Telephone
from tests.api.verify_recipes import SERVICES, ask
from twilio.base.exceptions import TwilioRestException

MESSAGE = "Log in to Fade & Co?"


@pytest.fixture
def service(tenant: Any) -> str:
    return str(tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid)


@pytest.fixture
def entity(tenant: Any, service: str) -> Any:
    return tenant.client().verify.v2.services(service).entities(IDENTITY)


@pytest.fixture
def telephone(tenant: Any, service: str) -> Telephone:
    return Telephone.verified(tenant, service)


def push(entity: Any, telephone: Telephone, **more: Any) -> Any:
    return entity.challenges.create(factor_sid=telephone.factor, details_message=MESSAGE, **more)


def raw(tenant: Any, service: str, telephone: Telephone, **form: str) -> requests.Response:
    path = f"{SERVICES}/{service}/Entities/{IDENTITY}/Challenges"
    return ask(tenant, "POST", path, {"FactorSid": telephone.factor, "Details.Message": MESSAGE, **form})


def refusal(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_a_device_enrols_itself_with_a_token(tenant: Any, service: str, entity: Any) -> None:
    telephone = Telephone(tenant, service)
    made = telephone.enrol()
    assert made.status_code == 201
    factor = made.json()
    assert (factor["status"], factor["factor_type"], factor["identity"]) == ("unverified", "push", IDENTITY)
    assert factor["binding"] == {"alg": "ES256", "public_key": telephone.public_key}
    assert telephone.verify().json()["status"] == "verified"
    # The tenant reads what the device wrote, and who the new entity is.
    fetched = entity.factors(telephone.factor).fetch()
    assert (fetched.status, fetched.friendly_name) == ("verified", "Alice's telephone")
    assert fetched.config == {
        "app_id": "com.example.fade",
        "sdk_version": "1.0",
        "notification_platform": "none",
        "credential_sid": f"CR{telephone.factor[2:]}",
    }
    (listed,) = tenant.client().verify.v2.services(service).entities.list()
    assert (listed.identity, listed.sid) == (IDENTITY, fetched.entity_sid)


def test_the_tokens_name_goes_before_the_devices(tenant: Any, service: str) -> None:
    telephone = Telephone(tenant, service)
    assert telephone.enrol(telephone.token(factor_friendly_name="Of the bank")).json()["friendly_name"] == "Of the bank"


def test_a_program_enrols_a_device_for_it(tenant: Any, service: str, entity: Any) -> None:
    telephone = Telephone(tenant, service)
    made = entity.new_factors.create(
        friendly_name="Alice's",
        factor_type="push",
        binding_alg="ES256",
        binding_public_key=telephone.public_key,
        config_app_id="com.example.fade",
        config_notification_platform="fcm",
        config_notification_token="t" * 32,
        config_sdk_version="1.0",
    )
    telephone.factor = made.sid
    payload = telephone.sign({"factor_sid": made.sid})
    assert entity.factors(made.sid).update(auth_payload=payload).status == "verified"
    changed = entity.factors(made.sid).update(config_notification_token="u" * 32)
    assert changed.config["notification_token"] == "u" * 32
    assert push(entity, telephone).status == "pending"
    assert len(telephone.asked()) == 1


def test_a_token_makes_one_factor_of_its_identity_and_opens_nothing_else(
    tenant: Any, service: str, entity: Any, telephone: Telephone
) -> None:
    token = telephone.token()
    elsewhere = Telephone(tenant, service, "somebody-else")
    other_service = tenant.client().verify.v2.services.create(friendly_name="Other").sid
    assert refusal(elsewhere.enrol(token)) == (404, 20404)
    assert refusal(Telephone(tenant, other_service).enrol(token)) == (404, 20404)
    for method, path, form in (
        ("GET", "Challenges", {}),
        ("GET", f"Factors/{telephone.factor}", {}),
        ("GET", "Factors", {}),
        ("POST", f"Factors/{telephone.factor}", {"AuthPayload": "x"}),
        ("DELETE", f"Factors/{telephone.factor}", {}),
        ("POST", "Challenges", {"FactorSid": telephone.factor, "Details.Message": "x"}),
    ):
        assert telephone.ask(method, path, token, **form).status_code in (401, 404), path
    base = tenant.installation.url
    for url in (
        f"{base}/verify{SERVICES}",
        f"{base}/verify{SERVICES}/{service}/Entities",
        f"{base}/verify{SERVICES}/{service}/Entities/{IDENTITY}",
        f"{base}{tenant.base}/Messages.json",
    ):
        assert requests.get(url, auth=("token", token), timeout=10).status_code == 401, url
    assert Telephone(tenant, service).enrol(token).status_code == 201
    assert refusal(Telephone(tenant, service).enrol(token)) == (401, 20003)
    assert len(entity.factors.list()) == 2


def test_a_device_reads_its_own_challenges_and_answers_them(
    tenant: Any, service: str, entity: Any, telephone: Telephone
) -> None:
    made = push(
        entity,
        telephone,
        details_fields=[{"label": "From", "value": "Berlin"}],
        hidden_details=json.dumps({"ip": "192.0.2.7"}),
    )
    (asked,) = telephone.asked()
    assert asked["sid"] == made.sid
    assert asked["details"] == {"message": MESSAGE, "fields": [{"label": "From", "value": "Berlin"}]}
    assert asked["hidden_details"] == {"ip": "192.0.2.7"}
    word = telephone.word(made.sid, "approved")
    answer = telephone.ask("POST", f"Challenges/{made.sid}", AuthPayload=word, Metadata='{"os": "Android"}')
    assert answer.json()["status"] == "approved"
    fetched = entity.challenges(made.sid).fetch()
    assert (fetched.status, fetched.metadata) == ("approved", {"os": "Android"})
    assert telephone.asked() == []
    # It is answered once.
    assert refusal(telephone.ask("POST", f"Challenges/{made.sid}", AuthPayload=word)) == (403, 60324)


def test_a_program_relays_a_devices_word(tenant: Any, entity: Any, telephone: Telephone) -> None:
    made = push(entity, telephone)
    word = telephone.word(made.sid, "denied")
    assert entity.challenges(made.sid).update(auth_payload=word).status == "denied"


def test_nobody_elses_word_and_no_other_word_is_an_answer(
    tenant: Any, service: str, entity: Any, telephone: Telephone
) -> None:
    other = Telephone.verified(tenant, service)
    first, second = push(entity, telephone), push(entity, telephone)
    fields = {
        field: telephone.ask("GET", f"Challenges/{first.sid}").json()[field]
        for field in ("sid", "account_sid", "service_sid", "entity_sid", "factor_sid", "details")
    }
    for word in (
        other.sign({**fields, "status": "approved"}),
        telephone.word(second.sid, "approved"),
        telephone.sign({**fields, "status": "pending"}),
        telephone.sign(fields),
        telephone.sign({"sid": first.sid, "status": "approved"}),
        telephone.sign({**fields, "details": {"message": "Pay 1 euro?", "fields": []}, "status": "approved"}),
        telephone.sign({**fields, "status": "approved"}, alg="none"),
        "not.a.token",
        telephone.login(tenant.sid, service, telephone.factor),
    ):
        for answer in (
            telephone.ask("POST", f"Challenges/{first.sid}", AuthPayload=word),
            ask(
                tenant,
                "POST",
                f"{SERVICES}/{service}/Entities/{IDENTITY}/Challenges/{first.sid}",
                {"AuthPayload": word},
            ),
        ):
            assert refusal(answer) == (403, 60324)
    assert entity.challenges(first.sid).fetch().status == "pending"
    # Another device of the same person neither sees nor answers it.
    assert other.asked() == []
    assert refusal(other.ask("GET", f"Challenges/{first.sid}")) == (404, 20404)
    assert refusal(other.ask("POST", f"Challenges/{first.sid}", AuthPayload="x")) == (404, 20404)


def test_a_device_signs_in_for_its_own_factor_now(tenant: Any, service: str, entity: Any, telephone: Telephone) -> None:
    made = push(entity, telephone)
    other = Telephone.verified(tenant, service)
    stranger = Telephone(tenant, service)
    for password in (
        telephone.late(-301),
        telephone.late(3_600),
        other.login(tenant.sid, service, telephone.factor),
        stranger.login(tenant.sid, service, telephone.factor),
        telephone.login(tenant.sid, "VA" + "9" * 32, telephone.factor),
        telephone.login("AC" + "9" * 32, service, telephone.factor),
        "",
        "x.y.z",
        tenant.token,
    ):
        assert refusal(telephone.ask("GET", f"Challenges/{made.sid}", password)) == (401, 20003)
    # Nor at another identity, or in another service.
    somebody = Telephone.verified(tenant, service, "somebody-else")
    login = telephone.login(tenant.sid, service, telephone.factor)
    assert refusal(somebody.ask("GET", "Challenges", login)) == (404, 20404)


def test_a_device_is_no_tenant(tenant: Any, service: str, entity: Any, telephone: Telephone) -> None:
    login = telephone.login(tenant.sid, service, telephone.factor)
    base = tenant.installation.url
    for method, url in (
        ("GET", f"{base}/verify{SERVICES}/{service}"),
        ("GET", f"{base}/verify{SERVICES}/{service}/Entities/{IDENTITY}/Factors"),
        ("DELETE", f"{base}/verify{SERVICES}/{service}/Entities/{IDENTITY}"),
        ("POST", f"{base}/verify{SERVICES}/{service}/Entities/{IDENTITY}/Challenges"),
        ("GET", f"{base}{tenant.base}/Messages.json"),
        ("GET", f"{base}{tenant.base}.json"),
    ):
        assert requests.request(method, url, auth=("token", login), timeout=10).status_code == 401, url
    # Nor does it make factors.
    form = {**FORM, "Binding.PublicKey": telephone.public_key}
    assert refusal(telephone.ask("POST", "Factors", **form)) == (404, 20404)


def test_a_device_of_an_account_that_is_suspended_signs_in_no_more(tenant: Any) -> None:
    made = tenant.client().api.accounts.create(friendly_name="Branch")
    branch = copy(tenant)
    branch.sid, branch.token = made.sid, made.auth_token
    service = branch.client().verify.v2.services.create(friendly_name="Fade & Co").sid
    telephone = Telephone.verified(branch, service)
    token = telephone.token()
    assert telephone.ask("GET", "Challenges").status_code == 200
    made.update(status="suspended")
    assert refusal(telephone.ask("GET", "Challenges")) == (401, 20003)
    assert refusal(telephone.enrol(token)) == (401, 20003)


def test_a_factor_is_verified_by_its_own_devices_word(tenant: Any, service: str, entity: Any) -> None:
    telephone, other = Telephone(tenant, service), Telephone(tenant, service)
    telephone.enrol()
    other.enrol()
    for word in (
        other.sign({"factor_sid": telephone.factor}),
        telephone.sign({"factor_sid": other.factor}),
        telephone.sign({}),
        "123456",
    ):
        assert refusal(telephone.ask("POST", f"Factors/{telephone.factor}", AuthPayload=word)) == (403, 60311)
    assert refusal(telephone.ask("POST", f"Factors/{other.factor}", AuthPayload="x")) == (404, 20404)
    assert entity.factors(telephone.factor).fetch().status == "unverified"
    with pytest.raises(TwilioRestException) as refused:
        push(entity, telephone)
    assert (refused.value.status, refused.value.code) == (403, 60318)
    assert telephone.verify().json()["status"] == "verified"
    assert refusal(telephone.verify()) == (403, 60311)


def test_a_factor_is_verified_as_twilios_client_libraries_do_it(tenant: Any, service: str) -> None:
    telephone, other = Telephone(tenant, service), Telephone(tenant, service)
    telephone.enrol()
    for word in (
        other.signature(telephone.factor),
        telephone.signature("YF" + "0" * 32),
        telephone.signature(telephone.factor)[:-4],
        "AAAA",
        "not Base64!",
    ):
        assert refusal(telephone.ask("POST", f"Factors/{telephone.factor}", AuthPayload=word)) == (403, 60311)
    word = telephone.signature(telephone.factor)
    assert telephone.ask("POST", f"Factors/{telephone.factor}", AuthPayload=word).json()["status"] == "verified"


def test_a_device_reads_in_either_order_and_in_pages(entity: Any, telephone: Telephone) -> None:
    sids = [push(entity, telephone).sid for _ in range(3)]

    def read(query: str) -> list[str]:
        return [one["sid"] for one in telephone.ask("GET", f"Challenges?{query}").json()["challenges"]]

    assert read("") == sids[::-1]
    assert read(f"Order=asc&FactorSid={telephone.factor}") == sids
    assert read("Order=asc&PageSize=2") == sids[:2]
    assert refusal(telephone.ask("GET", f"Challenges?FactorSid=YF{'0' * 32}")) == (404, 20404)


def test_a_person_is_asked_three_times_in_ten_minutes(tenant: Any, service: str, telephone: Telephone) -> None:
    second = Telephone.verified(tenant, service)
    for asked in (telephone, second, telephone):
        assert raw(tenant, service, asked).status_code == 201
    refused = raw(tenant, service, second)
    assert refusal(refused) == (429, 60312)
    assert "3 times within 10 minutes" in refused.json()["message"]
    # Codes of an app are not pushed to anybody.
    entity = tenant.client().verify.v2.services(service).entities(IDENTITY)
    factor, secret = totp_factor(tenant, service)
    assert entity.challenges.create(factor_sid=factor, auth_payload=code_of(tenant, secret)).status == "approved"


def test_who_denied_is_left_alone(tenant: Any, service: str, entity: Any, telephone: Telephone) -> None:
    assert telephone.answer(push(entity, telephone).sid, "denied").json()["status"] == "denied"
    refused = raw(tenant, service, telephone)
    assert refusal(refused) == (429, 60312)
    assert "10 minutes" in refused.json()["message"]


def test_who_approves_types_the_number_that_the_program_shows(
    tenant: Any, service: str, entity: Any, telephone: Telephone
) -> None:
    made = raw(tenant, service, telephone, NumberMatching="true").json()
    number = made["hidden_details"]["number_match"]
    assert 10 <= int(number) <= 99
    # The device is not told which.
    shown = telephone.ask("GET", f"Challenges/{made['sid']}")
    assert shown.json()["hidden_details"] is None
    assert "number_match" not in shown.text
    assert telephone.answer(made["sid"], "approved", number=number).json()["status"] == "approved"


@pytest.mark.parametrize("typed", [{}, {"number": "9"}, {"number": 42}, {"number": "1000"}])
def test_another_number_ends_the_challenge(
    tenant: Any, service: str, entity: Any, telephone: Telephone, typed: dict[str, Any]
) -> None:
    made = raw(tenant, service, telephone, NumberMatching="true").json()
    assert refusal(telephone.answer(made["sid"], "approved", **typed)) == (403, 60324)
    assert entity.challenges(made["sid"]).fetch().status == "expired"
    number = made["hidden_details"]["number_match"]
    assert refusal(telephone.answer(made["sid"], "approved", number=number)) == (403, 60323)
    # A slip is no denial: one may ask again.
    assert raw(tenant, service, telephone).status_code == 201


def test_a_service_asks_for_numbers_always_unless_a_challenge_does_not(
    tenant: Any, service: str, telephone: Telephone
) -> None:
    ask(tenant, "POST", f"{SERVICES}/{service}", {"Push.NumberMatching": "true"})
    assert "number_match" in raw(tenant, service, telephone).json()["hidden_details"]
    assert raw(tenant, service, telephone, NumberMatching="false").json()["hidden_details"] is None


def test_denying_needs_no_number(tenant: Any, service: str, telephone: Telephone) -> None:
    made = raw(tenant, service, telephone, NumberMatching="true").json()
    assert telephone.answer(made["sid"], "denied").json()["status"] == "denied"


@pytest.mark.parametrize(
    "form",
    [
        {"Details.Message": ""},
        {"Details.Message": "x" * 257},
        {"Details.Fields": "x"},
        {"Details.Fields": "[]"},
        {"Details.Fields": '{"label": "x"}'},
        {"Details.Fields": '{"label": 1, "value": "x"}'},
        {"Details.Fields": json.dumps({"label": "x" * 37, "value": "x"})},
        {"Details.Fields": json.dumps({"label": "x", "value": "x" * 129})},
        {"Details.Fields": [json.dumps({"label": "x", "value": "x"})] * 21},
    ],
)
def test_details_are_a_message_and_short_lines(tenant: Any, service: str, telephone: Telephone, form: Any) -> None:
    assert refusal(raw(tenant, service, telephone, **form)) == (400, 60368)


@pytest.mark.parametrize("hidden", ["x", "[]", '{"a": 1}', '{"a": "' + "x" * 1_024 + '"}'])
def test_hidden_details_are_strings_by_name(tenant: Any, service: str, telephone: Telephone, hidden: str) -> None:
    assert refusal(raw(tenant, service, telephone, HiddenDetails=hidden)) == (400, 60200)


def test_a_program_names_no_number_itself(tenant: Any, service: str, telephone: Telephone) -> None:
    answer = raw(tenant, service, telephone, HiddenDetails='{"number_match": "42"}')
    assert refusal(answer) == (400, 60200)


def test_a_service_may_show_when_it_asked(tenant: Any, service: str, entity: Any, telephone: Telephone) -> None:
    tenant.client().verify.v2.services(service).update(push_include_date=True)
    assert push(entity, telephone).details["date"].endswith("Z")


@pytest.mark.parametrize(
    "missing", ["Binding.PublicKey", "Binding.Alg", "Config.AppId", "Config.SdkVersion", "Config.NotificationPlatform"]
)
def test_a_device_describes_itself(tenant: Any, service: str, missing: str) -> None:
    form = {**FORM, "Binding.PublicKey": Telephone(tenant, service).public_key}
    del form[missing]
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors", form)
    assert refusal(refused) == (400, 60200)
    assert missing in refused.json()["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Binding.PublicKey", "AAAA"),
        ("Binding.PublicKey", "not Base64!"),
        ("Binding.Alg", "RS256"),
        ("Config.NotificationPlatform", "pigeon"),
        ("Config.NotificationToken", "short"),
        ("Config.AppId", "x" * 101),
    ],
)
def test_what_a_device_cannot_be_is_refused(tenant: Any, service: str, field: str, value: str) -> None:
    form = {**FORM, "Binding.PublicKey": Telephone(tenant, service).public_key, field: value}
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors", form)
    assert refusal(refused) == (400, 60200)
    assert value not in refused.text


def test_a_device_that_is_to_be_told_has_an_address(tenant: Any, service: str) -> None:
    form = {**FORM, "Binding.PublicKey": Telephone(tenant, service).public_key, "Config.NotificationPlatform": "apn"}
    refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors", form)
    assert refusal(refused) == (400, 60200)


@pytest.mark.parametrize("form", [{"Ttl": "59"}, {"Ttl": "301"}, {"FactorFriendlyName": "x" * 65}])
def test_what_a_token_cannot_be_is_refused(tenant: Any, service: str, form: dict[str, str]) -> None:
    path = f"{SERVICES}/{service}/AccessTokens"
    wanted = {"Identity": IDENTITY, "FactorType": "push", **form}
    assert refusal(ask(tenant, "POST", path, wanted)) == (400, 60200)
    assert refusal(ask(tenant, "POST", path, {"Identity": IDENTITY, "FactorType": "totp"})) == (400, 60369)
    assert refusal(ask(tenant, "POST", path, {"Identity": "x", "FactorType": "push"})) == (400, 60366)


def test_a_token_tells_how_long_it_is_good(tenant: Any, service: str) -> None:
    tokens = tenant.client().verify.v2.services(service).access_tokens
    made = tokens.create(identity=IDENTITY, factor_type="push", ttl=120)
    assert (made.ttl, made.entity_identity, made.factor_type) == (120, IDENTITY, "push")
    assert tokens.create(identity=IDENTITY, factor_type="push").ttl == 60


def test_a_token_is_told_once_and_what_it_is_for_while_it_is_good(tenant: Any, service: str) -> None:
    tokens = tenant.client().verify.v2.services(service).access_tokens
    made = tokens.create(identity=IDENTITY, factor_type="push", factor_friendly_name="Of the bank", ttl=120)
    path = f"{SERVICES}/{service}/AccessTokens/{made.sid}"
    shown = ask(tenant, "GET", path).json()
    assert made.token
    assert shown["token"] is None
    assert (shown["sid"], shown["entity_identity"], shown["factor_friendly_name"]) == (
        made.sid,
        IDENTITY,
        "Of the bank",
    )
    assert (shown["ttl"], shown["factor_type"], shown["service_sid"]) == (120, "push", service)
    assert tokens(made.sid).fetch().date_created == made.date_created
    # That it was used does not end it: the second factor is refused, not the look at it.
    assert Telephone(tenant, service).enrol(made.token).status_code == 201
    assert ask(tenant, "GET", path).status_code == 200
    row = tenant.installation.run(tenant.installation.store.enrolment(tenant.sid, service, made.sid, 0))
    assert IDENTITY.encode() not in row.content
    assert b"bank" not in row.content
    before_ms = tenant.installation.clock.offset_ms
    tenant.installation.clock.offset_ms += 120_000
    try:
        assert refusal(ask(tenant, "GET", path)) == (404, 20404)
    finally:
        tenant.installation.clock.offset_ms = before_ms


def test_who_was_erased_is_not_begun_again_by_a_token_from_before(tenant: Any, service: str) -> None:
    of_service = tenant.client().verify.v2.services(service)
    of_service.entities.create(identity=IDENTITY)
    made = of_service.access_tokens.create(identity=IDENTITY, factor_type="push", factor_friendly_name="Of the bank")
    of_service.entities(IDENTITY).delete()
    assert refusal(ask(tenant, "GET", f"{SERVICES}/{service}/AccessTokens/{made.sid}")) == (404, 20404)
    assert refusal(Telephone(tenant, service).enrol(made.token)) == (401, 20003)
    assert of_service.entities.list() == []


def test_nothing_of_a_device_is_left_when_it_is_deleted(
    tenant: Any, service: str, entity: Any, telephone: Telephone
) -> None:
    keys = tenant.installation.keys._store
    assert keys.row("SELECT 1 FROM device_key WHERE factor = ?", telephone.factor) is not None
    entity.factors(telephone.factor).delete()
    assert keys.row("SELECT 1 FROM device_key WHERE factor = ?", telephone.factor) is None
    assert refusal(telephone.ask("GET", "Challenges")) == (401, 20003)


def test_the_store_holds_no_word_of_a_question(tenant: Any, service: str, entity: Any, telephone: Telephone) -> None:
    made = push(entity, telephone, hidden_details='{"ip": "192.0.2.7"}')
    telephone.ask(
        "POST", f"Challenges/{made.sid}", AuthPayload=telephone.word(made.sid, "approved"), Metadata='{"a": "owl"}'
    )
    row = tenant.installation.run(tenant.installation.store.challenge(tenant.sid, service, made.sid))
    for sealed in (row.content, row.shown, row.metadata):
        assert sealed
        assert b"Fade" not in sealed
        assert b"192.0.2.7" not in sealed
        assert b"owl" not in sealed


def test_the_form_of_push_asks_for_what_a_device_must_say(tenant: Any, service: str) -> None:
    form = tenant.client().verify.v2.forms("form-push").fetch()
    wanted = set(form.forms["create_factor"]["required"])
    assert wanted <= {*FORM, "Binding.PublicKey"}
    for missing in wanted:
        described = {**FORM, "Binding.PublicKey": Telephone(tenant, service).public_key}
        del described[missing]
        refused = ask(tenant, "POST", f"{SERVICES}/{service}/Entities/{IDENTITY}/Factors", described)
        assert refused.status_code == 400
    assert set(form.forms) == {"create_factor", "verify_factor", "create_challenge"}
    assert ask(tenant, "GET", "/v2/Forms/form-pigeon").status_code == 404
