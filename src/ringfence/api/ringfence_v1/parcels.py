"""Leave a sealed parcel for the timeline page. Ours: Twilio has no such resource."""

import re
from typing import Annotated

import msgspec

from ringfence.api.forms import Rule
from ringfence.api.parcels import MAX_BYTES
from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.domain.errors import ApiError

parcels = Resource("Accounts/{AccountSid}/Parcels", item="Parcel", listed="parcels", product=OURS, version="v1")


def read_sealed(text: str) -> str:
    """Base64url, of a bounded length."""
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{MAX_BYTES}}}", text):
        raise ValueError(f"expected base64url of {MAX_BYTES} characters at most")
    return text


class ParcelForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    sealed: Annotated[str, Rule(read_sealed, 20001)] | None = None

    def __repr__(self) -> str:
        return "ParcelForm(…)"


class Parcel(msgspec.Struct, kw_only=True):
    id: str


@parcels.create(ParcelForm)
async def create(request: ApiRequest[ParcelForm]) -> Parcel:
    if request.form.sealed is None:
        raise ApiError(20001, "Sealed is required.")
    deps = request.deps
    # With their subaccounts, so that making more of them drives out nobody else's parcels.
    tenant = request.account.parent or request.account.sid
    return Parcel(id=deps.parcels.leave(tenant, request.form.sealed, deps.clock.now_ms()))
