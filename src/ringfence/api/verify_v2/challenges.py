"""What an entity is asked. Source: Twilio, "Challenge resource" of Verify v2."""

import json
from typing import Annotated, Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule, read_instant
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, DeviceRequest, Headed, Resource
from ringfence.api.verify_v2.entities import PATH, entity_of, entity_url, factoring_of
from ringfence.api.verify_v2.factors import own_factor
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.passkeys import answer_in
from ringfence.api.verify_v2.read import json_strings
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.domain.challenge import LIFE_MAX_MS, LIFE_MS, ChallengeSecret, ChallengeStatus
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorType
from ringfence.domain.passkeys.answers import AuthenticationJson
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.factors import ChallengeRow, EntityRow, FactorRow
from ringfence.usecases.verify.challenges import ChallengeView
from ringfence.usecases.verify.factors import FactorView
from ringfence.usecases.verify.passkey_kept import decode_question
from ringfence.usecases.verify.push_challenge import SIGNED_FIELDS
from ringfence.usecases.verify.push_factor import device_of

challenges = Resource(
    f"{PATH}/{{Identity}}/Challenges", item="Challenge", listed="challenges", product=PRODUCT, version=VERSION
)


def read_status(text: str) -> ChallengeStatus:
    """pending, expired, approved or denied."""
    try:
        return ChallengeStatus(text)
    except ValueError:
        raise ValueError("expected pending, expired, approved or denied") from None


def read_order(text: str) -> bool:
    """True for asc."""
    if text not in ("asc", "desc"):
        raise ValueError("expected asc or desc")
    return text == "asc"


SIGNATURE_FIELDS = b"twilio-verify-signature-fields"
_SIGNED = ",".join(SIGNED_FIELDS).encode()
NO_DETAILS = 60368
MESSAGE_CHARACTERS = 256
FIELDS_MAX = 20
LABEL_CHARACTERS = 36
VALUE_CHARACTERS = 128
NUMBER = "number_match"
"""Under which name the program finds, among hidden details, the digits that it is to show."""


class Detail(msgspec.Struct, frozen=True):
    """A line that the user reads."""

    label: str
    value: str


class ChallengeForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What asks."""

    factor_sid: str | None = None
    expiration_date: Annotated[int, Rule(read_instant, VERIFY_PARAMETER)] | None = None
    details_message: str | None = msgspec.field(name="Details.Message", default=None)
    details_fields: tuple[str, ...] = msgspec.field(name="Details.Fields", default=())
    hidden_details: Annotated[str, Rule(json_strings(1_024), VERIFY_PARAMETER)] | None = None
    auth_payload: str | None = None
    number_matching: bool | None = None


class ChallengeAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What answers."""

    auth_payload: str | None = None
    metadata: Annotated[str, Rule(json_strings(1_024), VERIFY_PARAMETER)] | None = None


class ChallengeFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which are listed, and in which order."""

    factor_sid: str | None = None
    status: Annotated[ChallengeStatus, Rule(read_status, VERIFY_PARAMETER)] | None = None
    order: Annotated[bool, Rule(read_order, VERIFY_PARAMETER)] = False


class Challenge(msgspec.Struct, kw_only=True):
    """A challenge."""

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
    responded_reason: str | None
    details: Any
    hidden_details: Any
    metadata: Any
    factor_type: str
    url: str
    links: dict[str, str]

    def __repr__(self) -> str:
        return f"Challenge({self.sid})"


def _shown(request: ApiRequest[Any], view: ChallengeView) -> Challenge:
    row, secret, identity = view.row, view.secret, request.path["Identity"]
    url = f"{entity_url(request, row.service, identity)}/Challenges/{row.sid}"
    return Challenge(
        sid=row.sid,
        account_sid=row.account,
        service_sid=row.service,
        entity_sid=row.entity,
        identity=identity,
        factor_sid=row.factor,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        date_responded=None if row.responded_ms is None else iso8601(row.responded_ms),
        expiration_date=iso8601(row.expires_ms),
        status=row.status.value,
        responded_reason=None,
        details=None if secret is None else _details(row, secret),
        hidden_details=None if secret is None else _hidden(row, secret),
        metadata=json.loads(view.metadata) or None,
        factor_type=row.factor_type.value,
        url=url,
        links={"notifications": f"{url}/Notifications"},
    )


def _details(row: ChallengeRow, secret: ChallengeSecret) -> Any:
    if row.factor_type is FactorType.PASSKEYS:
        return {"publicKey": decode_question(secret.state).options}
    return json.loads(secret.details) or None


def _hidden(row: ChallengeRow, secret: ChallengeSecret) -> Any:
    hidden = json.loads(secret.hidden_details)
    if row.factor_type is FactorType.PUSH and secret.state:
        hidden[NUMBER] = secret.state
    return hidden or None


@challenges.create(ChallengeForm)
async def create(request: ApiRequest[ChallengeForm]) -> Challenge | None:
    form, driven = request.form, factoring_of(request)
    entity = await entity_of(request)
    if not form.factor_sid:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter FactorSid")
    factor = await driven.factors.fetch(request.caller, entity, form.factor_sid)
    if factor is None:
        return None
    if factor.row.factor_type is FactorType.PUSH:
        return await _push(request, factor)
    if factor.row.factor_type is FactorType.PASSKEYS:
        return await _passkey(request, entity, factor.row)
    view = await driven.totp_challenges.create(
        request.caller,
        factor,
        hidden=form.hidden_details or "{}",
        expires_ms=expiry(form.expiration_date, request.deps.clock.now_ms()),
        code=form.auth_payload or "",
        teller=driven.news.by_tenant(request.caller, request.path["Identity"], factor.secret),
    )
    return None if view is None else _shown(request, view)


async def _passkey(request: ApiRequest[ChallengeForm], entity: EntityRow, factor: FactorRow) -> Challenge | None:
    """What the browser is to be asked stands in `details`, where the official SDKs have a place for it."""
    form = request.form
    if form.auth_payload:
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `AuthPayload`: a passkey answers what it was asked before")
    settings = decode_verify_service((await service_of(request)).settings).passkeys
    asked = await factoring_of(request).passkey_challenges.ask(
        request.caller,
        entity,
        request.path["Identity"],
        settings,
        factor=factor.sid,
        hidden=form.hidden_details or "{}",
        until_ms=expiry(form.expiration_date, request.deps.clock.now_ms()),
    )
    return None if asked is None else _shown(request, asked.view)


async def _push(request: ApiRequest[ChallengeForm], factor: FactorView) -> Challenge | None:
    form, deps = request.form, request.deps
    if NUMBER in json.loads(form.hidden_details or "{}"):
        raise ApiError(VERIFY_PARAMETER, f"Invalid parameter `HiddenDetails`: expected another name than {NUMBER}")
    service = decode_verify_service((await service_of(request)).settings)
    now_ms = deps.clock.now_ms()
    view = await factoring_of(request).push_challenges.create(
        request.caller,
        factor.row,
        details=details_of(form, iso8601(now_ms) if service.push.include_date else ""),
        hidden=form.hidden_details or "{}",
        expires_ms=expiry(form.expiration_date, now_ms),
        matched=service.push.number_matching if form.number_matching is None else form.number_matching,
    )
    if view is None:
        return None
    await factoring_of(request).notifier.begin(request.caller, factor, view.row)
    return _shown(request, view)


def details_of(form: ChallengeForm, date: str) -> str:
    """What the user reads, as JSON. ApiError 60368."""
    message = form.details_message or ""
    fields = [_detail(text) for text in form.details_fields]
    if not 1 <= len(message) <= MESSAGE_CHARACTERS or len(fields) > FIELDS_MAX:
        raise ApiError(NO_DETAILS)
    details: dict[str, Any] = {"message": message, "fields": fields}
    return json.dumps({**details, "date": date} if date else details)


def _detail(text: str) -> dict[str, str]:
    try:
        detail = msgspec.json.decode(text, type=Detail)
    except (msgspec.DecodeError, RecursionError):
        raise ApiError(NO_DETAILS) from None
    if len(detail.label) > LABEL_CHARACTERS or len(detail.value) > VALUE_CHARACTERS:
        raise ApiError(NO_DETAILS)
    return {"label": detail.label, "value": detail.value}


def expiry(wanted_ms: int | None, now_ms: int) -> int:
    """When a challenge ends: ApiError 60200 for what is past, or more than an hour away."""
    if wanted_ms is None:
        return now_ms + LIFE_MS
    if not now_ms < wanted_ms <= now_ms + LIFE_MAX_MS:
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `ExpirationDate`: expected a time within 60 minutes")
    return wanted_ms


@challenges.list(ChallengeFilter)
async def list_challenges(request: ApiRequest[ChallengeFilter], cursor: Cursor) -> list[Challenge]:
    form = request.form
    views = await factoring_of(request).challenges.listed(
        request.caller,
        await entity_of(request),
        factor=form.factor_sid or None,
        status=form.status,
        oldest_first=form.order,
        before=cursor.before,
        limit=cursor.limit,
    )
    return [_shown(request, view) for view in views]


@challenges.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Challenge | None:
    view = await factoring_of(request).challenges.fetch(request.caller, await entity_of(request), request.sid)
    return None if view is None else _shown(request, view)


@challenges.update(ChallengeAnswer)
async def update(request: ApiRequest[ChallengeAnswer]) -> Challenge | None:
    driven, entity = factoring_of(request), await entity_of(request)
    view = await driven.challenges.fetch(request.caller, entity, request.sid)
    if view is None:
        return None
    if not request.form.auth_payload:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter AuthPayload")
    if view.row.factor_type is FactorType.PASSKEYS:
        return await _used_passkey(request, view)
    factor = await driven.factors.fetch(request.caller, entity, view.row.factor)
    if factor is None:
        return None
    answered = await _answered(request, factor, view, request.form.auth_payload)
    return None if answered is None else _shown(request, answered)


async def _answered(
    request: ApiRequest[ChallengeAnswer], factor: FactorView, view: ChallengeView, payload: str
) -> ChallengeView | None:
    driven = factoring_of(request)
    teller = driven.news.by_tenant(request.caller, request.path["Identity"], factor.secret)
    match factor.row.factor_type:
        case FactorType.TOTP:
            return await driven.totp_challenges.answer(factor, view, payload, teller)
        case FactorType.PUSH:
            return await driven.push_challenges.relay(view, payload, request.form.metadata or "{}", teller)
        case _:
            return None


async def _used_passkey(request: ApiRequest[ChallengeAnswer], view: ChallengeView) -> Challenge:
    """`AuthPayload` is the credential as the browser's toJSON() has it. Whoever ends it has webhooks told."""
    try:
        used = msgspec.json.decode(request.form.auth_payload or "", type=AuthenticationJson)
    except (msgspec.DecodeError, RecursionError):
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `AuthPayload`: expected a credential as JSON") from None
    row = view.row
    asked = await factoring_of(request).passkey_challenges.approve(
        request.caller, row.account, row.service, answer_in(used), only=row.sid
    )
    return _shown(request, asked.view)


@challenges.by_device("GET")
async def list_for_device(request: DeviceRequest[ChallengeFilter], cursor: Cursor) -> list[Challenge]:
    """What the device that asks was asked, and nothing of the entity's other factors."""
    form, factor = request.form, await own_factor(request)
    if form.factor_sid not in (None, "", factor.sid):
        raise ApiError(20404)
    views = await factoring_of(request).push_challenges.listed(
        factor,
        request.device.token,
        status=form.status,
        oldest_first=form.order,
        before=cursor.before,
        limit=cursor.limit,
    )
    return [_shown(request, view) for view in views]


@challenges.by_device("GET", "{Sid}")
async def fetch_for_device(request: DeviceRequest[msgspec.Struct]) -> Headed | None:
    """With a header that names what the device is to repeat in its answer, as Twilio's client libraries read it."""
    factor = await own_factor(request)
    view = await factoring_of(request).push_challenges.fetch(factor, request.device.token, request.sid)
    return None if view is None else Headed(_shown(request, view), ((SIGNATURE_FIELDS, _SIGNED),))


@challenges.by_device("POST", "{Sid}")
async def answer_from_device(request: DeviceRequest[ChallengeAnswer]) -> Challenge | None:
    form, factor = request.form, await own_factor(request)
    if not form.auth_payload:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter AuthPayload")
    driven, login = factoring_of(request), request.device.token
    teller = driven.news.by_device(device_of(factor), login, request.path["Identity"])
    view = await driven.push_challenges.answer(
        factor, login, request.sid, form.auth_payload, form.metadata or "{}", teller
    )
    return None if view is None else _shown(request, view)
