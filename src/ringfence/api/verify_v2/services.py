"""Verify Services. Source: Twilio, "Service resource" of Verify v2."""

from typing import Annotated, Any, Literal

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.channel_policy import read_policy
from ringfence.domain.errors import ApiError
from ringfence.domain.passkeys.origin import read_domain
from ringfence.domain.verify_service import CODE_LENGTH_MAX, CODE_LENGTH_MIN, VerifyService, decode_verify_service
from ringfence.domain.verify_settings import between, read_host, read_line, read_origins, read_service_name, sid_of
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.services import configure_verify_service, create_verify_service

PRODUCT = "verify"
VERSION = "v2"

services = Resource("Services", item="Service", listed="services", product=PRODUCT, version=VERSION)

# Every subresource that Twilio links to, finished here or not.
_LINKS = {
    "verification_checks": "VerificationCheck",
    "verifications": "Verifications",
    "rate_limits": "RateLimits",
    "messaging_configurations": "MessagingConfigurations",
    "entities": "Entities",
    "webhooks": "Webhooks",
    "access_tokens": "AccessTokens",
    "new_factors": "Passkeys/Factors",
    "verify_factor": "Passkeys/VerifyFactor",
    "challenges": "Passkeys/Challenges",
    "approve_challenge": "Passkeys/ApproveChallenge",
}
_SETTINGS = (
    "friendly_name",
    "code_length",
    "lookup_enabled",
    "skip_sms_to_landlines",
    "dtmf_input_required",
    "tts_name",
    "psd2_enabled",
    "do_not_share_warning_enabled",
    "custom_code_enabled",
    "default_template_sid",
    "verify_event_subscription_enabled",
    "code_host",
    "new_factors_need_approval",
    "channel_policy",
)
_PARTS = {
    "push": ("include_date", "number_matching", "apn_credential_sid", "fcm_credential_sid"),
    "totp": ("issuer", "time_step", "code_length", "skew"),
    "whatsapp": ("msg_service_sid", "sender"),
    "passkeys": (
        "relying_party_id",
        "relying_party_name",
        "relying_party_origins",
        "authenticator_attachment",
        "discoverable_credentials",
        "user_verification",
    ),
}


Line = Annotated[str, Rule(read_line, VERIFY_PARAMETER)]
ServiceName = Annotated[str, Rule(read_service_name, VERIFY_PARAMETER)]
Host = Annotated[str, Rule(read_host, VERIFY_PARAMETER, clears=True)]
Domain = Annotated[str, Rule(read_domain, VERIFY_PARAMETER, clears=True)]
ChannelPolicy = Annotated[tuple[str, ...], Rule(read_policy, VERIFY_PARAMETER, clears=True)]
CredentialSid = Annotated[str, Rule(sid_of("CR"), VERIFY_PARAMETER, clears=True)]
Attachment = Literal["platform", "cross-platform", "any"]
Wish = Literal["required", "preferred", "discouraged"]


class ServiceForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set on a service; what is absent stays."""

    friendly_name: ServiceName | None = None
    code_length: Annotated[int, Rule(between(CODE_LENGTH_MIN, CODE_LENGTH_MAX), VERIFY_PARAMETER)] | None = None
    lookup_enabled: bool | None = None
    skip_sms_to_landlines: bool | None = None
    dtmf_input_required: bool | None = None
    tts_name: Line | None = None
    psd2_enabled: bool | None = None
    do_not_share_warning_enabled: bool | None = None
    custom_code_enabled: bool | None = None
    default_template_sid: Annotated[str, Rule(sid_of("HJ"), VERIFY_PARAMETER, clears=True)] | None = None
    verify_event_subscription_enabled: bool | None = None
    code_host: Host | None = None
    new_factors_need_approval: bool | None = None
    channel_policy: ChannelPolicy | None = None
    push_include_date: bool | None = msgspec.field(name="Push.IncludeDate", default=None)
    push_number_matching: bool | None = msgspec.field(name="Push.NumberMatching", default=None)
    push_apn_credential_sid: CredentialSid | None = msgspec.field(name="Push.ApnCredentialSid", default=None)
    push_fcm_credential_sid: CredentialSid | None = msgspec.field(name="Push.FcmCredentialSid", default=None)
    totp_issuer: Line | None = msgspec.field(name="Totp.Issuer", default=None)
    totp_time_step: Annotated[int, Rule(between(20, 60), VERIFY_PARAMETER)] | None = msgspec.field(
        name="Totp.TimeStep", default=None
    )
    totp_code_length: Annotated[int, Rule(between(3, 8), VERIFY_PARAMETER)] | None = msgspec.field(
        name="Totp.CodeLength", default=None
    )
    totp_skew: Annotated[int, Rule(between(0, 2), VERIFY_PARAMETER)] | None = msgspec.field(
        name="Totp.Skew", default=None
    )
    whatsapp_msg_service_sid: Annotated[str, Rule(sid_of("MG"), VERIFY_PARAMETER, clears=True)] | None = msgspec.field(
        name="Whatsapp.MsgServiceSid", default=None
    )
    whatsapp_sender: Line | None = msgspec.field(name="Whatsapp.From", default=None)
    passkeys_relying_party_id: Domain | None = msgspec.field(name="Passkeys.RelyingParty.Id", default=None)
    passkeys_relying_party_name: Line | None = msgspec.field(name="Passkeys.RelyingParty.Name", default=None)
    passkeys_relying_party_origins: Annotated[tuple[str, ...], Rule(read_origins, VERIFY_PARAMETER)] | None = (
        msgspec.field(name="Passkeys.RelyingParty.Origins", default=None)
    )
    passkeys_authenticator_attachment: Attachment | None = msgspec.field(
        name="Passkeys.AuthenticatorAttachment", default=None
    )
    passkeys_discoverable_credentials: Wish | None = msgspec.field(
        name="Passkeys.DiscoverableCredentials", default=None
    )
    passkeys_user_verification: Wish | None = msgspec.field(name="Passkeys.UserVerification", default=None)

    def applied_to(self, service: VerifyService) -> VerifyService:
        """`service` with what is given."""
        changes = self._given(_SETTINGS)
        if self.channel_policy is not None:
            # Given empty, it takes the policy away.
            changes["channel_policy"] = self.channel_policy or ()
        for part, names in _PARTS.items():
            given = self._given([f"{part}_{name}" for name in names])
            fields = {name.removeprefix(f"{part}_"): value for name, value in given.items()}
            changes[part] = msgspec.structs.replace(getattr(service, part), **fields)
        return msgspec.structs.replace(service, **changes)

    def _given(self, names: Any) -> dict[str, Any]:
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class Service(msgspec.Struct, kw_only=True):
    """A service."""

    sid: str
    account_sid: str
    friendly_name: str
    code_length: int
    lookup_enabled: bool
    psd2_enabled: bool
    skip_sms_to_landlines: bool
    dtmf_input_required: bool
    tts_name: str | None
    do_not_share_warning_enabled: bool
    custom_code_enabled: bool
    push: dict[str, Any]
    totp: dict[str, Any]
    whatsapp: dict[str, Any]
    passkeys: dict[str, Any]
    default_template_sid: str | None
    verify_event_subscription_enabled: bool
    date_created: str
    date_updated: str
    url: str
    links: dict[str, str]


def service_url(request: ApiRequest[Any], sid: str) -> str:
    """Where a service is."""
    return f"{request.root}/{VERSION}/Services/{sid}"


def _shown(request: ApiRequest[Any], row: VerifyRow) -> Service:
    url = service_url(request, row.sid)
    service = decode_verify_service(row.settings)
    return Service(
        sid=row.sid,
        account_sid=row.account,
        friendly_name=service.friendly_name,
        code_length=service.code_length,
        lookup_enabled=service.lookup_enabled,
        psd2_enabled=service.psd2_enabled,
        skip_sms_to_landlines=service.skip_sms_to_landlines,
        dtmf_input_required=service.dtmf_input_required,
        tts_name=service.tts_name or None,
        do_not_share_warning_enabled=service.do_not_share_warning_enabled,
        custom_code_enabled=service.custom_code_enabled,
        push={
            "include_date": service.push.include_date,
            "number_matching": service.push.number_matching,
            "apn_credential_sid": service.push.apn_credential_sid or None,
            "fcm_credential_sid": service.push.fcm_credential_sid or None,
        },
        totp={
            "issuer": service.totp.issuer or service.friendly_name,
            "time_step": service.totp.time_step,
            "code_length": service.totp.code_length,
            "skew": service.totp.skew,
        },
        whatsapp={
            "msg_service_sid": service.whatsapp.msg_service_sid or None,
            "from": service.whatsapp.sender or None,
        },
        passkeys={
            "relying_party": {
                "id": service.passkeys.relying_party_id or None,
                "name": service.passkeys.relying_party_name or None,
                "origins": list(service.passkeys.relying_party_origins) or None,
            },
            "authenticator_attachment": service.passkeys.authenticator_attachment or None,
            "discoverable_credentials": service.passkeys.discoverable_credentials or None,
            "user_verification": service.passkeys.user_verification or None,
        },
        default_template_sid=service.default_template_sid or None,
        verify_event_subscription_enabled=service.verify_event_subscription_enabled,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=url,
        links={name: f"{url}/{path}" for name, path in _LINKS.items()},
    )


@services.create(ServiceForm)
async def create(request: ApiRequest[ServiceForm]) -> Service:
    form, deps = request.form, request.deps
    if not form.friendly_name:
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `FriendlyName`: expected a name")
    service = form.applied_to(VerifyService(friendly_name=form.friendly_name))
    return _shown(request, await create_verify_service(deps.store, deps.clock, request.account.sid, service))


@services.list()
async def list_services(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Service]:
    store = request.deps.store
    rows = await store.verify_rows(request.account.sid, "service", before=cursor.before, limit=cursor.limit)
    return [_shown(request, row) for row in rows]


@services.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Service | None:
    row = await request.deps.store.verify_row(request.account.sid, "service", request.sid)
    return None if row is None else _shown(request, row)


@services.update(ServiceForm)
async def update(request: ApiRequest[ServiceForm]) -> Service | None:
    form, deps = request.form, request.deps
    row = await deps.store.verify_row(request.account.sid, "service", request.sid)
    if row is None:
        return None
    changed = await configure_verify_service(deps.store, deps.clock, row, form.applied_to)
    return None if changed is None else _shown(request, changed)


@services.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    store, factoring, account = request.deps.store, request.deps.factoring, request.account.sid
    if await store.verify_row(account, "service", request.sid) is None:
        return False
    gone = False
    # Whoever began an entity while the others went is found the second time: the service takes no more then.
    for _ in range(2):
        if factoring is not None:
            await factoring.entities.delete_all(account, request.sid)
        gone = await store.delete_verify(account, "service", request.sid) or gone
    return gone
