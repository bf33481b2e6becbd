"""What a push factor and its challenges are made of, as JSON Schema. Source: Twilio, "Form resource" of Verify v2."""

from typing import Any

import msgspec

from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.challenges import (
    FIELDS_MAX,
    LABEL_CHARACTERS,
    MESSAGE_CHARACTERS,
    VALUE_CHARACTERS,
)
from ringfence.api.verify_v2.services import PRODUCT, VERSION

PUSH = "form-push"

forms = Resource("Forms", item="Form", listed="", product=PRODUCT, version=VERSION)


class FormShown(msgspec.Struct, kw_only=True):
    """A kind of form."""

    form_type: str
    forms: dict[str, Any]
    form_meta: dict[str, Any]
    url: str


def _text(low: int, high: int) -> dict[str, Any]:
    return {"type": "string", "minLength": low, "maxLength": high}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_FACTOR = _object(
    ["FriendlyName", "Binding.Alg", "Binding.PublicKey", "Config.AppId", "Config.SdkVersion"],
    **{
        "FriendlyName": _text(1, 64),
        "Binding.Alg": {"enum": ["ES256"]},
        "Binding.PublicKey": {"type": "string", "contentEncoding": "base64"},
        "Config.AppId": _text(1, 100),
        "Config.SdkVersion": _text(1, 100),
        "Config.NotificationPlatform": {"enum": ["apn", "fcm", "none"]},
        "Config.NotificationToken": _text(32, 255),
    },
)
_DETAIL = _object(["label", "value"], label=_text(0, LABEL_CHARACTERS), value=_text(0, VALUE_CHARACTERS))
_CHALLENGE = _object(
    ["FactorSid", "Details.Message"],
    **{
        "FactorSid": {"type": "string", "pattern": "^YF[0-9a-f]{32}$"},
        "Details.Message": _text(1, MESSAGE_CHARACTERS),
        "Details.Fields": {"type": "array", "maxItems": FIELDS_MAX, "items": _DETAIL},
    },
)
_PUSH = {
    "create_factor": _FACTOR,
    "verify_factor": _object(["AuthPayload"], AuthPayload={"type": "string"}),
    "create_challenge": _CHALLENGE,
}


@forms.fetch(named="FormType")
async def fetch(request: ApiRequest[msgspec.Struct]) -> FormShown | None:
    if request.path["FormType"] != PUSH:
        return None
    return FormShown(form_type=PUSH, forms=_PUSH, form_meta={}, url=f"{request.root}/{VERSION}/Forms/{PUSH}")
