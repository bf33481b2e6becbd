"""Passkeys: what browsers are asked, and what they answer. Source: Twilio, "Passkeys" of Verify v2."""

import json
from typing import Any, Final

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.entities import factoring_of
from ringfence.api.verify_v2.factors import Factor, NewFactor, factor_fields
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorStatus
from ringfence.domain.passkeys.answers import (
    AuthenticationAnswer,
    AuthenticationJson,
    RegistrationJson,
    read_authentication,
    read_registration,
)
from ringfence.domain.passkeys.refusal import PasskeyRefusedError
from ringfence.domain.verify_service import decode_verify_service
from ringfence.usecases.verify.passkey_challenge import AskedPasskey
from ringfence.usecases.verify.passkey_kept import AskedConfig, binding_of, config_for
from ringfence.usecases.verify.vouching import APPROVES, naming

NAME_MAX_CHARACTERS: Final = 64
NO_CREDENTIAL_ID: Final = 60376
NO_AUTHENTICATOR_DATA: Final = 60379
NO_SIGNATURE: Final = 60381
NO_ATTESTATION: Final = 60386
NO_NAME: Final = 60388
_NOT_AS_SENT = "Invalid parameter: expected a credential as the browser's toJSON() has it"

passkeys = Resource(
    "Services/{ServiceSid}/Passkeys", item="Passkey", listed="passkeys", product=PRODUCT, version=VERSION
)


class FactorBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whose passkey is to be made, what to call it, and how to make it."""

    friendly_name: str | None = None
    identity: str | None = None
    config: AskedConfig | None = None

    def __repr__(self) -> str:
        return "FactorBody(…)"


class ChallengeBody(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked: an entity, one factor of it, or with neither whoever comes.

    `approves_factor` is ours: the factor of that entity, not yet verified, that the answer lets in.
    """

    identity: str | None = None
    factor_sid: str | None = None
    approves_factor: str | None = None

    def __repr__(self) -> str:
        return "ChallengeBody(…)"


class Challenge(msgspec.Struct, kw_only=True):
    """A challenge. `entity_sid`, `identity` and `factor_sid` are "" until somebody answers, where anybody may."""

    sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    date_created: str
    date_updated: str
    date_responded: str | None
    expiration_date: str
    status: str
    factor_type: str
    options: dict[str, Any]
    url: str
    responded_reason: str = "none"
    details: None = None
    hidden_details: Any = None
    metadata: None = None
    links: None = None

    def __repr__(self) -> str:
        return f"Challenge({self.sid})"


def _challenge(request: ApiRequest[Any], asked: AskedPasskey, at: str) -> Challenge:
    row, secret = asked.view.row, asked.view.secret
    return Challenge(
        sid=row.sid,
        account_sid=row.account,
        service_sid=row.service,
        entity_sid=row.entity,
        identity=asked.identity,
        factor_sid=row.factor,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        date_responded=None if row.responded_ms is None else iso8601(row.responded_ms),
        expiration_date=iso8601(row.expires_ms),
        status=row.status.value,
        factor_type=row.factor_type.value,
        options={"publicKey": asked.options},
        hidden_details=None if secret is None else json.loads(secret.hidden_details) or None,
        url=f"{service_url(request, row.service)}/Passkeys/{at}",
    )


def answer_in(form: AuthenticationJson) -> AuthenticationAnswer:
    """What an authenticator answered, in bytes. ApiError 60200."""
    try:
        return read_authentication(form)
    except PasskeyRefusedError:
        raise ApiError(VERIFY_PARAMETER, _NOT_AS_SENT) from None


@passkeys.at("POST", "Factors", status=201, body=FactorBody)
async def create_factor(request: ApiRequest[FactorBody]) -> NewFactor | None:
    """A factor that waits for a passkey, with what `navigator.credentials.create` is to be asked."""
    form, driven = request.form, factoring_of(request)
    service = await service_of(request)
    name, identity = form.friendly_name or "", form.identity or ""
    if not name:
        raise ApiError(NO_NAME)
    if len(name) > NAME_MAX_CHARACTERS or not name.isprintable():
        raise ApiError(
            VERIFY_PARAMETER, f"Invalid parameter `friendly_name`: expected {NAME_MAX_CHARACTERS} characters"
        )
    config = config_for(form.config, decode_verify_service(service.settings).passkeys)
    entity = await driven.entities.begin(request.caller, service.account, service.sid, identity)
    made = await driven.passkey_factors.create(request.caller, entity.row, identity, config, name=name)
    if made is None:
        return None
    return NewFactor(**factor_fields(request, made.view, identity), binding=None, options={"publicKey": made.options})


@passkeys.at("POST", "VerifyFactor", body=RegistrationJson)
async def verify_factor(request: ApiRequest[RegistrationJson]) -> Factor:
    """What `navigator.credentials.create` came to: the factor that waited for it is verified."""
    service = await service_of(request)
    response = request.form.response
    if response is None or not response.attestation_object:
        raise ApiError(NO_ATTESTATION)
    try:
        answer = read_registration(request.form)
    except PasskeyRefusedError:
        raise ApiError(VERIFY_PARAMETER, _NOT_AS_SENT) from None
    view = await factoring_of(request).passkey_factors.verify(request.caller, service.account, service.sid, answer)
    identity = "" if view.secret is None else binding_of(view.secret).identity
    return Factor(**factor_fields(request, view, identity))


@passkeys.at("POST", "Challenges", status=201, body=ChallengeBody)
async def create_challenge(request: ApiRequest[ChallengeBody]) -> Challenge | None:
    """What `navigator.credentials.get` is to be asked."""
    form, driven = request.form, factoring_of(request)
    service = await service_of(request)
    settings = decode_verify_service(service.settings).passkeys
    approves = form.approves_factor or ""
    if not form.identity and not form.factor_sid and not approves:
        asked = await driven.passkey_challenges.ask_anybody(request.caller, service.account, service.sid, settings)
        return None if asked is None else _challenge(request, asked, "Challenges")
    if not form.identity:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter identity")
    entity = await driven.entities.find(service.account, service.sid, form.identity)
    if entity is None:
        return None
    joining = await driven.factors.find(entity, approves) if approves else None
    if approves and (joining is None or joining.status is not FactorStatus.UNVERIFIED):
        raise ApiError(VERIFY_PARAMETER, f"Invalid parameter {APPROVES}: expected a factor of it that waits")
    asked = await driven.passkey_challenges.ask(
        request.caller,
        entity,
        form.identity,
        settings,
        factor=form.factor_sid or "",
        hidden=naming(approves) if approves else "{}",
    )
    return None if asked is None else _challenge(request, asked, "Challenges")


@passkeys.at("POST", "ApproveChallenge", body=AuthenticationJson)
async def approve_challenge(request: ApiRequest[AuthenticationJson]) -> Challenge:
    """What `navigator.credentials.get` came to: the challenge that it answers is approved."""
    service = await service_of(request)
    form = request.form
    if not form.id and not form.raw_id:
        raise ApiError(NO_CREDENTIAL_ID)
    if form.response is None or not form.response.authenticator_data:
        raise ApiError(NO_AUTHENTICATOR_DATA)
    if not form.response.signature:
        raise ApiError(NO_SIGNATURE)
    answer = answer_in(form)
    asked = await factoring_of(request).passkey_challenges.approve(request.caller, service.account, service.sid, answer)
    return _challenge(request, asked, "ApproveChallenge")
