"""A tenant with one of everything, whom the authorisation matrix is aimed at; each of it is there for the tenant."""

import re
from typing import Any

import pytest
import requests
from tests.api import factor_recipes, key_recipes, lookup_recipes
from tests.api.push_credential_recipes import new_push_credential

from ringfence.api.app import operations, own_operations
from ringfence.api.resource import OURS, Operation
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.content import seal_content_with
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import RecordingRow, StepRow
from ringfence.ports.keys import Caller
from ringfence.ports.store import MediaRow, MessageRow, NewEvent
from ringfence.ports.verification_attempts import AttemptFilter

WORDS = "the owl flies at nine"
OPERATIONS = [*operations(), *own_operations()]
SIP_KINDS = ("credential", "ip_address", "calls", "registrations")
# What a stranger may have read of it beforehand: sids are no secrets.
FORMS = {"FriendlyName": "mine", "Body": "", "Status": "canceled", "PhoneNumberSid": "PN" + "0" * 32}


class Victim:
    """A tenant with one of everything, and strangers of every kind."""

    def __init__(self, installation: Any) -> None:
        self.tenant = installation.new_tenant()
        tenant = self.tenant
        client = tenant.client()
        self.number = tenant.number(sms_url="https://owl.example/sms")
        self.key = client.new_keys.create(friendly_name="owl")
        self.child = client.api.accounts.create(friendly_name="owl branch")
        self.sibling = client.api.accounts.create(friendly_name="another branch")
        self.message = installation.run(self._received(installation))
        (bought,) = client.incoming_phone_numbers.list()
        self.service = client.messaging.v1.services.create(
            friendly_name="owls", inbound_request_url="https://owl.example/service"
        )
        self.service.phone_numbers.create(bought.sid)
        self.sids = {
            "Services": self.service.sid,
            "PhoneNumbers": bought.sid,
            "Messages": self.message,
            "Keys": self.key.sid,
            "Calls": client.calls.create(to="+12025550177", from_=self.number, url="https://owl.example/v").sid,
            "Applications": client.applications.create(friendly_name="owls", voice_url="https://owl.example/v").sid,
            "IncomingPhoneNumbers": bought.sid,
        }
        self.verify = self._verify_things(client)
        self.sids["VerifyServices"] = self.verify["Services"]
        verified = client.verify.v2.services(self.verify["Services"])
        self.verify["Verifications"] = verified.verifications.create(to="+12025550177", channel="sms").sid
        self.verify["Factors"], _ = factor_recipes.totp_factor(tenant, self.verify["Services"])
        entity = verified.entities(factor_recipes.IDENTITY)
        self.verify["Challenges"] = entity.challenges.create(factor_sid=self.verify["Factors"]).sid
        self.entity = entity.fetch().sid
        self.verify["AccessTokens"] = self._leave(installation)
        started = verified.verifications.create(to="+12025550177", channel="sms")
        self.verify["Verifications"] = started.sid
        self.verify["Attempts"] = started.send_code_attempts[0]["attempt_sid"]
        self.sids |= self._sip_things(client)
        lookup_recipes.ask(tenant, "POST", lookup_recipes.OVERRIDE, json={"line_type": "pager", "reason": WORDS})
        lookup_recipes.ask(
            tenant, "PUT", "/v2/RateLimits/Fields/line_type_intelligence/Bucket/hourly", json={"limit": 5}
        )
        self.sids["PublicKeys"] = key_recipes.new_public_key(tenant).json()["sid"]
        self.sids["Notifications"] = self._trouble(installation)
        self.sids["Recordings"] = new_sid("RE")
        recording = RecordingRow(
            account=tenant.sid,
            sid=self.sids["Recordings"],
            call_sid=self.sids["Calls"],
            status="completed",
            channels=1,
            source="OutboundAPI",
            epoch=0,
            started_ms=0,
            created_ms=0,
            updated_ms=0,
        )
        installation.run(installation.store.add_recording(recording))
        self.push_credential = new_push_credential(tenant).json()["sid"]
        self.medium = new_sid("ME")
        row = MediaRow(
            account=tenant.sid,
            message_sid=self.message,
            sid=self.medium,
            content_type="image/png",
            size=1,
            epoch=0,
            content=b"x",
            created_ms=0,
        )
        installation.run(installation.store.add_media([row]))
        other = installation.new_tenant()
        other_key = other.client().new_keys.create()
        self.strangers = {
            "another tenant": (other.sid, other.token),
            "another tenant's key": (other_key.sid, other_key.secret),
            "its subaccount": (self.child.sid, self.child.auth_token),
        }
        self.other = other

    def _trouble(self, installation: Any) -> str:
        """Something that went wrong in the call, by the sid of its notification."""
        store, sid = installation.store, self.sids["Calls"]
        step = StepRow(account=self.tenant.sid, call_sid=sid, at_ms=1, kind="error", code=11200)
        installation.run(store.add_steps([step]))
        (written,) = installation.run(store.steps(self.tenant.sid, sid))
        return f"NO{written.at_ms:012x}{written.id:020x}"

    def _verify_things(self, client: Any) -> dict[str, str]:
        service = client.verify.v2.services.create(friendly_name="owls")
        limit = service.rate_limits.create(unique_name="owl")
        bucket = client.verify.v2.services(service.sid).rate_limits(limit.sid).buckets.create(max=4, interval=60)
        service.messaging_configurations.create(country="US", messaging_service_sid=self.service.sid)
        client.verify.v2.safelist.create(phone_number="+12025550177")
        hook = service.webhooks.create(friendly_name="owls", event_types=["*"], webhook_url="https://owl.example/v")
        return {"Services": service.sid, "RateLimits": limit.sid, "Buckets": bucket.sid, "Webhooks": hook.sid}

    def _leave(self, installation: Any) -> str:
        """Leave to make a factor, for longer than these tests take."""
        tenant = self.tenant
        caller = Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))
        create = installation.deps.factoring.enrolments.create
        service, identity = self.verify["Services"], factor_recipes.IDENTITY
        signed = installation.run(create(caller, tenant.sid, service, identity, name=WORDS, ttl_s=86_400))
        return str(signed.view.row.sid)

    def _sip_things(self, client: Any) -> dict[str, str]:
        domain = client.sip.domains.create(domain_name="owl.sip.twilio.com", voice_url="https://owl.example/voice")
        credentials = client.sip.credential_lists.create(friendly_name="owls")
        credential = credentials.credentials.create(username="owl", password="Hoot-hoot-1234")
        addresses = client.sip.ip_access_control_lists.create(friendly_name="owl nests")
        address = addresses.ip_addresses.create(friendly_name="owl", ip_address="192.0.2.7")
        domain.auth.calls.credential_list_mappings.create(credential_list_sid=credentials.sid)
        domain.auth.calls.ip_access_control_list_mappings.create(ip_access_control_list_sid=addresses.sid)
        domain.auth.registrations.credential_list_mappings.create(credential_list_sid=credentials.sid)
        return {
            "Domains": domain.sid,
            "CredentialLists": credentials.sid,
            "Credentials": credential.sid,
            "IpAccessControlLists": addresses.sid,
            "IpAddresses": address.sid,
            "CredentialListMappings": credentials.sid,
            "IpAccessControlListMappings": addresses.sid,
        }

    async def _received(self, installation: Any) -> str:
        sid = new_sid("SM")
        key = await installation.keys.seal_record(self.tenant.sid, sid, "+12025550177")
        content = Content(remote="+12025550177", body=WORDS)
        row = MessageRow(
            account=self.tenant.sid,
            sid=sid,
            direction=Direction.INBOUND,
            status=Status.RECEIVED,
            local=self.number,
            remote_index=key.index,
            remote_region="US",
            epoch=key.epoch,
            content=seal_content_with(key.key, self.tenant.sid, sid, content),
            num_segments=1,
            created_ms=installation.clock.now_ms(),
            updated_ms=0,
        )
        event = NewEvent(kind="message.received", sequence=0, at_ms=row.created_ms)
        await installation.store.accept(row, [event])
        (written,) = await installation.store.events(row.account, sid)
        self.event_id = str(written.id)
        return sid

    def path(self, operation: Operation, account: str) -> str:
        """The operation's path with `account` in its place and this tenant's own things in all others."""
        resource = operation.path.rstrip("/").removesuffix("/{Sid}").rpartition("/")[2]
        sid = account if operation.account_in == "Sid" else self.medium if resource == "Media" else ""
        values = {
            "AccountSid": account,
            "MessageSid": self.message,
            "CallSid": self.sids["Calls"],
            "VerificationSid": self.verify["Verifications"],
            "ServiceSid": self.service.sid,
            "VerifyServiceSid": self.verify["Services"],
            "ChallengeSid": self.verify["Challenges"],
            "DomainSid": self.sids["Domains"],
            "CredentialListSid": self.sids["CredentialLists"],
            "IpAccessControlListSid": self.sids["IpAccessControlLists"],
            "CountryCode": "US",
            "IsoCode": "US",
            "EventId": self.event_id,
            "PhoneNumber": "+12025550177",
            "Field": "line_type_intelligence",
            "Bucket": "hourly",
            "Sid": sid or self.sids.get(resource, ""),
        }
        if operation.product == "conversations":
            values["Sid"] = self.push_credential
        if operation.product == "verify":
            values |= {
                "ServiceSid": self.verify["Services"],
                "RateLimitSid": self.verify["RateLimits"],
                "Country": "US",
                "Identity": factor_recipes.IDENTITY,
                "FormType": "form-push",
                "PhoneNumber": "+12025550177",
                "Sid": self.verify.get(resource, ""),
            }
        prefix = f"/{operation.product}" if operation.product in (OURS, "verify") else ""
        return prefix + re.sub(r"{(\w+)}", lambda found: values[found[1]], operation.path)

    def state(self, installation: Any) -> object:
        """All that there is of it."""
        store = installation.store

        async def read() -> object:
            sid = self.tenant.sid
            return (
                await store.accounts(sid),
                await store.credentials(sid),
                await store.credential(sid),
                await store.numbers(sid),
                await store.message(sid, self.message),
                await store.call(sid, self.sids["Calls"]),
                await store.recording(sid, self.sids["Recordings"]),
                await store.application(sid, self.sids["Applications"]),
                await store.media(sid, self.message),
                await store.services(sid),
                await store.verify_rows(sid, "service"),
                await store.verify_rows(sid, "safe_number"),
                await store.verify_rows(sid, "rate_limit", parent=self.verify["Services"]),
                await store.verify_rows(sid, "bucket", parent=self.verify["RateLimits"]),
                await store.verify_rows(sid, "messaging_configuration", parent=self.verify["Services"]),
                await store.verify_rows(sid, "webhook", parent=self.verify["Services"]),
                await store.verification(sid, self.verify["Verifications"]),
                await store.entities(sid, self.verify["Services"]),
                await store.factors(sid, self.entity),
                await store.challenges(sid, self.entity, now_ms=0),
                await store.verification_attempts(sid, AttemptFilter()),
                await store.pool(sid, self.service.sid),
                await store.events(sid, self.message),
                [await store.sip_rows(sid, kind) for kind in ("domain", "credential_list", "ip_list")],
                [await store.sip_below(sid, kind, list(self.sids.values())) for kind in SIP_KINDS],
            )

        return installation.run(read())


@pytest.fixture(scope="module")
def victim(installation: Any) -> Victim:
    return Victim(installation)


def ask(installation: Any, operation: Operation, path: str, who: tuple[str, str] | None, suffix: str) -> Any:
    form = FORMS if operation.method == "POST" and operation.body is None else None
    words = {"identity": factor_recipes.IDENTITY, "friendly_name": "owl"} if operation.body else None
    url = f"{installation.url}{path}{suffix}"
    return requests.request(operation.method, url, auth=who, data=form, json=words, timeout=10)


def test_the_tenant_itself_finds_each_of_these(installation: Any, victim: Victim) -> None:
    """Else what others are refused (tests/authorisation) would be paths that are nothing."""
    who = (victim.tenant.sid, victim.tenant.token)
    for operation in OPERATIONS:
        # What is on sale is nobody's, and may be sold out.
        if operation.method != "GET" or "CountryCode" in operation.variables:
            continue
        path = victim.path(operation, victim.tenant.sid)
        assert ask(installation, operation, path, who, ".json").status_code == 200, path
