"""Where a service wants it, a passkey lets a new factor in by a challenge that names it, and by nothing else."""

import json
from typing import Any

import pytest
import requests
from tests.api.passkey_recipes import IDENTITY, ORIGIN, Shop
from tests.api.verify_recipes import SERVICES, ask
from twilio.base.exceptions import TwilioRestException

from software_authenticator import SoftwareAuthenticator, unb64

OTHER = "another-identity"


@pytest.fixture
def shop(tenant: Any) -> Shop:
    return Shop(tenant)


@pytest.fixture
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


def post(tenant: Any, shop: Shop, path: str, fields: dict[str, str]) -> requests.Response:
    url = f"{tenant.installation.url}/verify{SERVICES}/{shop.sid}/Passkeys/{path}"
    return requests.post(url, auth=(tenant.sid, tenant.token), json=fields, timeout=10)


def sid_in(answer: dict[str, Any]) -> str:
    """Which factor an answer to a registration is for: its challenge begins with that."""
    page = json.loads(unb64(answer["response"]["clientDataJSON"]))
    return unb64(page["challenge"])[:34].decode()


def approve_by_name(tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator, factor: str) -> dict[str, Any]:
    """The owner's word for `factor`, as a program asks for it."""
    asked = post(tenant, shop, "Challenges", {"identity": IDENTITY, "approves_factor": factor})
    assert asked.status_code == 201
    assert shop.approve(authenticator.get(asked.json()["options"]["publicKey"], ORIGIN)).status == "approved"
    return dict(asked.json())


def test_where_a_service_wants_it_an_older_factor_lets_a_new_passkey_in(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    ask(tenant, "POST", f"{SERVICES}/{shop.sid}", {"NewFactorsNeedApproval": "true"})
    shop.register(authenticator)
    shop.log_in(authenticator)
    second = SoftwareAuthenticator()
    answer = second.create(shop.begin().options["publicKey"], ORIGIN)
    begun = sid_in(answer)
    # A login of the owner's says nothing of a factor that somebody else began meanwhile.
    shop.log_in(authenticator)
    shop.log_in(authenticator, None)
    other = shop.begin()
    approve_by_name(tenant, shop, authenticator, other.sid)
    with pytest.raises(TwilioRestException, match="must approve it first") as refused:
        shop.verify(answer)
    assert (refused.value.status, refused.value.code) == (403, 60311)
    asked = approve_by_name(tenant, shop, authenticator, begun)
    assert asked["hidden_details"] == {"approves_factor": begun}
    assert shop.verify(answer).status == "verified"
    assert shop.log_in(second).status == "approved"


def test_a_challenge_approves_a_factor_of_whom_it_asks_that_waits(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    known = shop.register(authenticator)
    elsewhere = shop.begin(OTHER)
    for fields in (
        {"identity": IDENTITY, "approves_factor": known.sid},
        {"identity": IDENTITY, "approves_factor": elsewhere.sid},
        {"identity": IDENTITY, "approves_factor": "YF"},
        {"approves_factor": shop.begin().sid},
    ):
        refused = post(tenant, shop, "Challenges", fields)
        assert (refused.status_code, refused.json()["code"]) == (400, 60200), fields


def test_the_official_sdk_asks_a_passkey_by_its_factor_and_names_whom_it_lets_in(
    tenant: Any, shop: Shop, authenticator: SoftwareAuthenticator
) -> None:
    ask(tenant, "POST", f"{SERVICES}/{shop.sid}", {"NewFactorsNeedApproval": "true"})
    old = shop.register(authenticator)
    begun, second = shop.begin(), SoftwareAuthenticator()
    made = second.create(begun.options["publicKey"], ORIGIN)
    entity = shop.service.entities(IDENTITY)
    named = json.dumps({"approves_factor": begun.sid})
    challenge = entity.challenges.create(factor_sid=old.sid, hidden_details=named)
    assert (challenge.status, challenge.factor_type) == ("pending", "passkeys")
    assert challenge.hidden_details == {"approves_factor": begun.sid}
    answer = json.dumps(authenticator.get(challenge.details["publicKey"], ORIGIN))
    assert entity.challenges(challenge.sid).update(auth_payload=answer).status == "approved"
    assert shop.verify(made).status == "verified"
    with pytest.raises(TwilioRestException) as refused:
        entity.challenges(challenge.sid).update(auth_payload=answer)
    assert (refused.value.status, refused.value.code) == (403, 60324)


def test_an_answer_to_one_challenge_is_none_to_another(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor = shop.register(authenticator).sid
    challenges = shop.service.entities(IDENTITY).challenges
    first, second = (challenges.create(factor_sid=factor) for _ in range(2))
    answer = json.dumps(authenticator.get(first.details["publicKey"], ORIGIN))
    update = shop.service.entities(IDENTITY).challenges(second.sid).update
    for payload, code in ((answer, 60324), ("482915", 60200), ("{}", 60200)):
        with pytest.raises(TwilioRestException) as refused:
            update(auth_payload=payload)
        assert refused.value.code == code
    assert shop.service.entities(IDENTITY).challenges(first.sid).fetch().status == "pending"


def test_a_passkey_is_asked_before_it_answers(shop: Shop, authenticator: SoftwareAuthenticator) -> None:
    factor = shop.register(authenticator).sid
    with pytest.raises(TwilioRestException) as refused:
        shop.service.entities(IDENTITY).challenges.create(factor_sid=factor, auth_payload="{}")
    assert refused.value.code == 60200
