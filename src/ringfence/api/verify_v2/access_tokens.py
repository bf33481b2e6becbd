"""Tokens by which a device makes a factor. Source: Twilio, "Access Token resource" of Verify v2.

A token is told once and kept nowhere. What is fetched is what it gives leave to, and null for the token.
"""

from typing import Annotated, Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.entities import factoring_of
from ringfence.api.verify_v2.factors import NO_TYPE
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.read import between, of_characters
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.device_token import TTL_MAX_S, TTL_MIN_S
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorType
from ringfence.usecases.verify.enrolments import EnrolmentView

access_tokens = Resource(
    "Services/{ServiceSid}/AccessTokens", item="AccessToken", listed="", product=PRODUCT, version=VERSION
)


class AccessTokenForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who is to make a factor, and for how long the leave is good (seconds)."""

    identity: str | None = None
    factor_type: str | None = None
    factor_friendly_name: Annotated[str, Rule(of_characters(1, 64), VERIFY_PARAMETER)] | None = None
    ttl: Annotated[int, Rule(between(TTL_MIN_S, TTL_MAX_S), VERIFY_PARAMETER)] = TTL_MIN_S


class AccessToken(msgspec.Struct, kw_only=True):
    """What a token gives leave to. `token` is there as it is made, and never again."""

    sid: str
    account_sid: str
    service_sid: str
    entity_identity: str | None
    factor_type: str
    factor_friendly_name: str | None
    token: str | None
    url: str
    ttl: int
    date_created: str

    def __repr__(self) -> str:
        return f"AccessToken({self.sid})"


def _shown(request: ApiRequest[Any], view: EnrolmentView, token: str | None) -> AccessToken:
    row, secret = view.row, view.secret
    return AccessToken(
        sid=row.sid,
        account_sid=row.account,
        service_sid=row.service,
        entity_identity=None if secret is None else secret.identity,
        factor_type=FactorType.PUSH.value,
        factor_friendly_name=(secret.friendly_name or None) if secret is not None else None,
        token=token,
        url=f"{service_url(request, row.service)}/AccessTokens/{row.sid}",
        ttl=(row.expires_ms - row.created_ms) // 1_000,
        date_created=iso8601(row.created_ms),
    )


@access_tokens.create(AccessTokenForm)
async def create(request: ApiRequest[AccessTokenForm]) -> AccessToken:
    form, service = request.form, await service_of(request)
    if form.factor_type != FactorType.PUSH:
        raise ApiError(NO_TYPE)
    signed = await factoring_of(request).enrolments.create(
        request.caller,
        service.account,
        service.sid,
        form.identity or "",
        name=form.factor_friendly_name or "",
        ttl_s=form.ttl,
    )
    return _shown(request, signed.view, signed.token)


@access_tokens.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> AccessToken | None:
    service = await service_of(request)
    view = await factoring_of(request).enrolments.fetch(request.caller, service.account, service.sid, request.sid)
    return None if view is None else _shown(request, view, None)
