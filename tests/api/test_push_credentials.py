"""Push credentials as the official SDK makes them, by either product's name; and what a network says of a device."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests.api.factor_recipes import IDENTITY
from tests.api.notification_recipes import woken
from tests.api.push_credential_recipes import ACCOUNT, APPLES, GOOGLES, P256_KEY, RSA_KEY, ask, new_push_credential
from tests.unit.http.h2_server import pair
from twilio.base.exceptions import TwilioRestException

from ringfence.ports.push_sender import Push, PushEnd


def refusal(tenant: Any, form: dict[str, str], path: str = "") -> tuple[int, int]:
    answer = ask(tenant, "POST", path, form)
    for secret in form.values():
        assert len(secret) < 40 or secret not in answer.text
    return answer.status_code, answer.json()["code"]


def test_a_credential_is_made_read_changed_and_deleted(tenant: Any) -> None:
    credentials = tenant.client().conversations.v1.credentials
    made = credentials.create(type="fcm", friendly_name="Owls", secret=ACCOUNT)
    assert made.sid.startswith("CR")
    assert (made.type, made.friendly_name, made.sandbox, made.account_sid) == ("fcm", "Owls", None, tenant.sid)
    assert [one.sid for one in credentials.list()] == [made.sid]
    assert credentials(made.sid).update(friendly_name="More owls").friendly_name == "More owls"
    assert credentials(made.sid).fetch().friendly_name == "More owls"
    assert credentials(made.sid).delete() is True
    assert credentials.list() == []


def test_it_is_the_same_by_the_name_of_notify(tenant: Any) -> None:
    made = new_push_credential(tenant).json()
    found = ask(tenant, "GET", f"/{made['sid']}", product="notify").json()
    assert found["url"].endswith(f"/notify/v1/Credentials/{made['sid']}")
    assert {**found, "url": made["url"]} == made


def test_what_is_secret_is_told_to_nobody_and_rests_sealed(tenant: Any) -> None:
    for form in (GOOGLES, APPLES):
        made = new_push_credential(tenant, form)
        assert "PRIVATE" not in made.text
        sid = made.json()["sid"]
        assert "PRIVATE" not in ask(tenant, "GET", f"/{sid}").text
        store = tenant.installation.store
        row = tenant.installation.run(store.verify_row(tenant.sid, "push_credential", sid))
        assert b"PRIVATE" not in row.standing + row.settings.encode()


def test_apples_certificate_comes_with_its_own_key(tenant: Any) -> None:
    (certificate, key), (_, another) = pair(), pair()
    form = {"Type": "apn", "Certificate": certificate, "PrivateKey": key}
    made = new_push_credential(tenant, form).json()
    assert (made["type"], made["sandbox"], made["friendly_name"]) == ("apn", "false", None)
    assert refusal(tenant, {**form, "PrivateKey": another}) == (400, 20001)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"Type": "gcm", "ApiKey": "x"},
        {"Type": "fcm"},
        {"Type": "fcm", "Secret": "AAAAtheserverkeyofold:and_more"},
        {"Type": "fcm", "Secret": json.dumps({"project_id": "../x", "client_email": "a", "private_key": RSA_KEY})},
        {"Type": "fcm", "Secret": json.dumps({"project_id": "owl-app", "client_email": "a", "private_key": P256_KEY})},
        {"Type": "fcm", "Secret": "[" * 10_000},
        {"Type": "fcm", "Secret": ACCOUNT.replace("-----BEGIN", "x" * 5_000 + "-----BEGIN")},
        {"Type": "apn", "PrivateKey": "x" * 5_000 + P256_KEY, "KeyId": "ABCDE12345", "TeamId": "TEAM123456"},
        {"Type": "apn", "PrivateKey": P256_KEY, "Certificate": "x" * 16_001},
        {"Type": "apn"},
        {"Type": "apn", "PrivateKey": P256_KEY},
        {"Type": "apn", "PrivateKey": RSA_KEY, "KeyId": "ABCDE12345", "TeamId": "TEAM123456"},
        {"Type": "apn", "PrivateKey": P256_KEY, "KeyId": "short", "TeamId": "TEAM123456"},
        {"Type": "apn", "PrivateKey": "no key", "Certificate": "no certificate"},
        {**GOOGLES, "FriendlyName": "x" * 65},
        {**GOOGLES, "FriendlyName": "a\nb"},
    ],
    ids=lambda form: f"{form.get('Type')}{len(form)}",
)
def test_what_no_network_would_take_is_refused(tenant: Any, form: dict[str, str]) -> None:
    assert refusal(tenant, form) == (400, 20001)


def test_another_type_needs_its_own_secrets(tenant: Any) -> None:
    sid = new_push_credential(tenant).json()["sid"]
    assert refusal(tenant, {"Type": "apn"}, f"/{sid}") == (400, 20001)
    changed = ask(tenant, "POST", f"/{sid}", APPLES).json()
    assert (changed["type"], changed["sandbox"], changed["friendly_name"]) == ("apn", "true", "Owls")


def test_nobody_has_another_tenants(tenant: Any, installation: Any) -> None:
    sid = new_push_credential(tenant).json()["sid"]
    other = installation.new_tenant()
    assert ask(other, "GET", f"/{sid}").status_code == 404
    assert ask(other, "DELETE", f"/{sid}").status_code == 404


class Network:
    """What wakes devices, and says of each what the test wants."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.end = PushEnd.TAKEN

    async def send(self, push: Push) -> PushEnd:
        self.pushes.append(push)
        return self.end


@pytest.fixture
def network(tenant: Any) -> Iterator[Network]:
    notifier, network = tenant.installation.deps.factoring.notifier, Network()
    before, notifier._sender = notifier._sender, network
    yield network
    notifier._sender = before


def ask_device(tenant: Any, telephone: Any) -> Any:
    challenges = tenant.client().verify.v2.services(telephone.service).entities(IDENTITY).challenges
    return challenges(challenges.create(factor_sid=telephone.factor, details_message="Log in?").sid)


def test_a_push_is_signed_by_what_its_service_names(tenant: Any, network: Network) -> None:
    telephone = woken(tenant, platform="fcm")
    ask_device(tenant, telephone)
    assert network.pushes[-1].signing is None
    googles, apples = (new_push_credential(tenant, form).json()["sid"] for form in (GOOGLES, APPLES))
    service = tenant.client().verify.v2.services(telephone.service)
    service.update(push_fcm_credential_sid=apples)
    ask_device(tenant, telephone)
    assert network.pushes[-1].signing is None
    service.update(push_fcm_credential_sid=googles)
    challenge = ask_device(tenant, telephone)
    push = network.pushes[-1]
    assert push.signing is not None
    assert (push.signing.sid, push.signing.secret.account, push.platform) == (googles, ACCOUNT, "fcm")
    assert (push.challenge, push.factor, push.service) == (
        challenge._solution["sid"],
        telephone.factor,
        telephone.service,
    )
    assert "Log in?" not in str(replace(push, signing=None))
    assert "PRIVATE" not in repr(push.signing) + repr(push.signing.secret) + repr(push)


def test_a_device_that_is_gone_is_marked_and_left_alone_until_it_has_another_token(
    tenant: Any, network: Network
) -> None:
    telephone = woken(tenant)
    network.end = PushEnd.GONE
    challenge = ask_device(tenant, telephone)
    with pytest.raises(TwilioRestException, match="knows this device no more"):
        challenge.notifications.create()
    ask_device(tenant, telephone)
    assert len(network.pushes) == 1
    factor = tenant.client().verify.v2.services(telephone.service).entities(IDENTITY).factors(telephone.factor)
    assert "notification_token_gone" in factor.fetch().config
    factor.update(config_notification_token="another-token-of-the-same-telephone")
    network.end = PushEnd.TAKEN
    challenge.notifications.create()
    assert len(network.pushes) == 2


def test_a_network_that_refuses_does_not_stop_a_challenge(tenant: Any, network: Network) -> None:
    network.end = PushEnd.REFUSED
    challenge = ask_device(tenant, woken(tenant))
    with pytest.raises(TwilioRestException) as refused:
        challenge.notifications.create()
    assert (refused.value.status, refused.value.code) == (400, 60200)
    assert challenge.fetch().status == "pending"
