"""What an entity proves itself with. Source: Twilio, "Factor resource" of Verify v2."""

import base64
import json
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, DeviceRequest, Resource
from ringfence.api.verify_v2.entities import PATH, entity_of, entity_url, factoring_of
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.read import between, json_strings, of_characters
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorSecret, FactorType
from ringfence.domain.jws import read_public_key
from ringfence.domain.totp import Algorithm, TotpShape, read_secret
from ringfence.domain.verify_service import VerifyService, decode_verify_service
from ringfence.ports.factors import FactorRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.factors import FactorView
from ringfence.usecases.verify.push_factor import NewDevice, device_of
from ringfence.usecases.verify.tellings import Teller

factors = Resource(f"{PATH}/{{Identity}}/Factors", item="Factor", listed="factors", product=PRODUCT, version=VERSION)

NO_TYPE = 60369

Name = Annotated[str, Rule(of_characters(1, 64), VERIFY_PARAMETER)]
Metadata = Annotated[str, Rule(json_strings(1_024), VERIFY_PARAMETER)]
TimeStep = Annotated[int, Rule(between(20, 60), VERIFY_PARAMETER)]
Skew = Annotated[int, Rule(between(0, 2), VERIFY_PARAMETER)]
CodeLength = Annotated[int, Rule(between(3, 8), VERIFY_PARAMETER)]


def read_algorithm(text: str) -> Algorithm:
    """sha1, sha256 or sha512."""
    known: dict[str, Algorithm] = {"sha1": "sha1", "sha256": "sha256", "sha512": "sha512"}
    if text not in known:
        raise ValueError("expected sha1, sha256 or sha512")
    return known[text]


def read_platform(text: str) -> str:
    """How a device is told that there is something for it."""
    if text not in ("apn", "fcm", "none"):
        raise ValueError("expected apn, fcm or none")
    return text


def read_signature_algorithm(text: str) -> str:
    """ES256: there is no other."""
    if text != "ES256":
        raise ValueError("expected ES256")
    return text


class TotpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How codes are made, as far as a request says."""

    config_time_step: TimeStep | None = msgspec.field(name="Config.TimeStep", default=None)
    config_skew: Skew | None = msgspec.field(name="Config.Skew", default=None)
    config_code_length: CodeLength | None = msgspec.field(name="Config.CodeLength", default=None)
    config_alg: Annotated[Algorithm, Rule(read_algorithm, VERIFY_PARAMETER)] | None = msgspec.field(
        name="Config.Alg", default=None
    )

    @property
    def given(self) -> dict[str, Any]:
        """What the request says of it."""
        settings = {
            "time_step": self.config_time_step,
            "skew": self.config_skew,
            "code_length": self.config_code_length,
            "alg": self.config_alg,
        }
        return {name: value for name, value in settings.items() if value is not None}

    def shape(self, standard: TotpShape) -> TotpShape:
        """`standard` with what is given."""
        return replace(standard, **self.given)


class DeviceConfig(TotpConfig, frozen=True, kw_only=True):
    """How a device is reached, as far as a request says."""

    config_notification_platform: Annotated[str, Rule(read_platform, VERIFY_PARAMETER)] | None = msgspec.field(
        name="Config.NotificationPlatform", default=None
    )
    config_notification_token: Annotated[str, Rule(of_characters(32, 255), VERIFY_PARAMETER)] | None = msgspec.field(
        name="Config.NotificationToken", default=None
    )
    config_sdk_version: Annotated[str, Rule(of_characters(1, 100), VERIFY_PARAMETER)] | None = msgspec.field(
        name="Config.SdkVersion", default=None
    )

    def reached(self) -> dict[str, str]:
        """What the request says of it. ApiError 60200 for what cannot be."""
        given = {
            "notification_platform": self.config_notification_platform,
            "notification_token": self.config_notification_token,
            "sdk_version": self.config_sdk_version,
        }
        return {name: value for name, value in given.items() if value}


class FactorForm(DeviceConfig, frozen=True, kw_only=True, rename="pascal"):
    """What makes one."""

    friendly_name: Name | None = None
    factor_type: str | None = None
    metadata: Metadata | None = None
    binding_secret: Annotated[bytes, Rule(read_secret, VERIFY_PARAMETER)] | None = msgspec.field(
        name="Binding.Secret", default=None
    )
    binding_alg: Annotated[str, Rule(read_signature_algorithm, VERIFY_PARAMETER)] | None = msgspec.field(
        name="Binding.Alg", default=None
    )
    binding_public_key: Annotated[bytes, Rule(read_public_key, VERIFY_PARAMETER)] | None = msgspec.field(
        name="Binding.PublicKey", default=None
    )
    config_app_id: Annotated[str, Rule(of_characters(1, 100), VERIFY_PARAMETER)] | None = msgspec.field(
        name="Config.AppId", default=None
    )


class FactorChanges(DeviceConfig, frozen=True, kw_only=True, rename="pascal"):
    """What verifies one, or changes it."""

    auth_payload: str | None = None
    friendly_name: Name | None = None


class Factor(msgspec.Struct, kw_only=True):
    """A factor."""

    sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    date_created: str
    date_updated: str
    friendly_name: str | None
    status: str
    factor_type: str
    config: Any
    metadata: Any
    url: str

    def __repr__(self) -> str:
        return f"Factor({self.sid})"


class NewFactor(Factor, kw_only=True):
    """A factor as it was made: `binding` is told this once."""

    binding: Any
    options: Any = None

    def __repr__(self) -> str:
        return f"NewFactor({self.sid})"


def factor_fields(request: ApiRequest[Any], view: FactorView, identity: str) -> dict[str, Any]:
    """A factor's fields as every resource shows them."""
    row, secret = view.row, view.secret
    return {
        "sid": row.sid,
        "account_sid": row.account,
        "service_sid": row.service,
        "entity_sid": row.entity,
        "identity": identity,
        "date_created": iso8601(row.created_ms),
        "date_updated": iso8601(row.updated_ms),
        "friendly_name": None if secret is None else secret.friendly_name,
        "status": row.status.value,
        "factor_type": row.factor_type.value,
        "config": None if secret is None else _config(row, secret),
        "metadata": None if secret is None else json.loads(secret.metadata) or None,
        "url": f"{entity_url(request, row.service, identity)}/Factors/{row.sid}",
    }


def _config(row: FactorRow, secret: FactorSecret) -> Any:
    config = json.loads(secret.config)
    if row.factor_type is FactorType.PUSH:
        # What Twilio's client libraries name their key by when they sign in.
        config["credential_sid"] = f"CR{row.sid[2:]}"
    return config


def _shown(request: ApiRequest[Any], view: FactorView) -> Factor:
    return Factor(**factor_fields(request, view, request.path["Identity"]))


def standard_shape(service: VerifyService) -> TotpShape:
    """How codes are made where a factor says nothing else."""
    totp = service.totp
    return TotpShape(time_step=totp.time_step, skew=totp.skew, code_length=totp.code_length)


def new_device(form: FactorForm, name: str) -> NewDevice:
    """A device as a form describes it. ApiError 60200 for what is missing."""
    platform = form.config_notification_platform
    for parameter, value in (
        ("Binding.PublicKey", form.binding_public_key),
        ("Binding.Alg", form.binding_alg),
        ("Config.AppId", form.config_app_id),
        ("Config.SdkVersion", form.config_sdk_version),
        ("Config.NotificationPlatform", platform),
        ("Config.NotificationToken", form.config_notification_token or platform == "none"),
    ):
        if not value:
            raise ApiError(VERIFY_PARAMETER, f"Missing required parameter {parameter}")
    public_key = form.binding_public_key or b""
    binding = {"alg": form.binding_alg, "public_key": base64.b64encode(public_key).decode()}
    secret = FactorSecret(
        friendly_name=name,
        config=json.dumps({"app_id": form.config_app_id, **form.reached()}),
        metadata=form.metadata or "{}",
        binding=json.dumps(binding),
    )
    return NewDevice(public_key=public_key, secret=secret)


async def own_factor(request: DeviceRequest[Any]) -> FactorRow:
    """The factor of the device that asks, where the path is about it. ApiError 20404."""
    device, entity = request.device.device, await entity_of(request)
    if device is None or device.service != entity.service:
        raise ApiError(20404)
    row = await factoring_of(request).factors.find(entity, device.factor)
    if row is None:
        raise ApiError(20404)
    return row


def _teller(request: ApiRequest[Any]) -> Teller:
    return factoring_of(request).news.by_tenant(request.caller, request.path["Identity"])


@factors.create(FactorForm)
async def create(request: ApiRequest[FactorForm]) -> NewFactor | None:
    form, driven = request.form, factoring_of(request)
    service = await service_of(request)
    if not form.friendly_name:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter FriendlyName")
    if form.factor_type == FactorType.PUSH:
        return await _new_push(request, service)
    if form.factor_type != FactorType.TOTP:
        raise ApiError(NO_TYPE)
    settings = decode_verify_service(service.settings)
    entity = await driven.entities.begin(request.caller, service.account, service.sid, request.path["Identity"])
    made = await driven.totp_factors.create(
        request.caller,
        entity.row,
        settings,
        form.shape(standard_shape(settings)),
        name=form.friendly_name,
        metadata=form.metadata or "{}",
        secret=form.binding_secret or b"",
        teller=_teller(request),
    )
    if made is None:
        return None
    fields = factor_fields(request, made.view, request.path["Identity"])
    return NewFactor(**fields, binding={"secret": made.secret, "uri": made.uri})


async def _new_push(request: ApiRequest[FactorForm], service: VerifyRow) -> NewFactor | None:
    driven, device = factoring_of(request), new_device(request.form, request.form.friendly_name or "")
    entity = await driven.entities.begin(request.caller, service.account, service.sid, request.path["Identity"])
    view = await driven.push_factors.create(request.caller, entity.row, device, _teller(request))
    return None if view is None else _shown_push(request, view)


def _shown_push(request: ApiRequest[Any], view: FactorView) -> NewFactor:
    binding = None if view.secret is None else json.loads(view.secret.binding)
    return NewFactor(**factor_fields(request, view, request.path["Identity"]), binding=binding)


@factors.by_device("POST")
async def enrol(request: DeviceRequest[FactorForm]) -> NewFactor | None:
    """A device makes its own factor: of the identity its token is for, and no other."""
    form, enrolment = request.form, request.device.enrolment
    here = (request.path["ServiceSid"], request.path["Identity"])
    if enrolment is None or (enrolment.service, enrolment.identity) != here:
        raise ApiError(20404)
    await service_of(request)
    if form.factor_type != FactorType.PUSH:
        raise ApiError(NO_TYPE)
    name = enrolment.friendly_name or form.friendly_name
    if not name:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter FriendlyName")
    device = new_device(form, name)
    driven = factoring_of(request)
    teller = await driven.news.by_enrolment(enrolment.account, enrolment.service, enrolment.identity)
    view = await driven.push_factors.enrol(enrolment, request.device.token, device, teller)
    return None if view is None else _shown_push(request, view)


@factors.list()
async def list_factors(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Factor]:
    entity = await entity_of(request)
    views = await factoring_of(request).factors.listed(request.caller, entity, before=cursor.before, limit=cursor.limit)
    return [_shown(request, view) for view in views]


@factors.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Factor | None:
    view = await factoring_of(request).factors.fetch(request.caller, await entity_of(request), request.sid)
    return None if view is None else _shown(request, view)


@factors.update(FactorChanges)
async def update(request: ApiRequest[FactorChanges]) -> Factor | None:
    form, driven = request.form, factoring_of(request)
    view = await driven.factors.fetch(request.caller, await entity_of(request), request.sid)
    if view is not None and (name := form.friendly_name):
        view = await driven.factors.change(request.caller, view, lambda secret: replace(secret, friendly_name=name))
    if view is not None and view.row.factor_type is FactorType.PUSH:
        view = await _changed_push(request, view)
    if view is not None and view.row.factor_type is FactorType.TOTP:
        view = await _changed_totp(request, view)
    return None if view is None else _shown(request, view)


async def _changed_totp(request: ApiRequest[FactorChanges], view: FactorView) -> FactorView | None:
    form, totp = request.form, factoring_of(request).totp_factors
    changed: FactorView | None = view
    if form.given:
        changed = await totp.configure(request.caller, view, form.shape)
    if changed is not None and form.auth_payload:
        changed = await totp.verify(request.caller, changed, form.auth_payload, _teller(request))
    return changed


async def _changed_push(request: ApiRequest[FactorChanges], view: FactorView) -> FactorView | None:
    form, driven = request.form, factoring_of(request)
    changed: FactorView | None = view
    if config := form.reached():
        changed = await driven.factors.change(
            request.caller, view, lambda secret: replace(secret, config=_merged(secret.config, config))
        )
    if changed is not None and form.auth_payload:
        changed = await driven.push_factors.verify(request.caller, changed, form.auth_payload, _teller(request))
    return changed


def _merged(config: str, changes: dict[str, str]) -> str:
    return json.dumps({**json.loads(config), **changes})


@factors.by_device("POST", "{Sid}")
async def verify(request: DeviceRequest[FactorChanges]) -> Factor | None:
    """A device shows that it has the key of its factor. Nothing else of it is the device's to change here."""
    row = await own_factor(request)
    if request.sid != row.sid:
        return None
    if request.form.reached() or request.form.friendly_name:
        raise ApiError(20501, "A device does not change its factor here: its program does.")
    if not request.form.auth_payload:
        raise ApiError(VERIFY_PARAMETER, "Missing required parameter AuthPayload")
    driven, (login, device) = factoring_of(request), (request.device.token, device_of(row))
    teller = driven.news.by_device(device, login, request.path["Identity"])
    view = FactorView(row=row, secret=None)
    verified = await driven.push_factors.verify(None, view, request.form.auth_payload, teller)
    return None if verified is None else _shown(request, verified)


@factors.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    driven, entity = factoring_of(request), await entity_of(request)
    view = await driven.factors.fetch(request.caller, entity, request.sid)
    return view is not None and await driven.factors.delete(view, _teller(request))
