"""Numbers that the fraud guard never blocks. Source: Twilio, "SafeList" of Verify v2.

A number is kept as its blind index alone: a list of an account's safe numbers is nowhere.
"""

from typing import Annotated, Any

import msgspec

from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.domain.errors import ApiError
from ringfence.domain.number import parse_e164
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.configuration import SAFE_NUMBER, create_configured

safe_list = Resource("SafeList/Numbers", item="SafeList", listed="safelist", product=PRODUCT, version=VERSION)


def read_number(text: str) -> str:
    """E.164."""
    number = parse_e164(text)
    if number is None:
        raise ValueError("expected a number in E.164 form")
    return number.e164


class SafeNumberForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    phone_number: Annotated[str, Rule(read_number, VERIFY_PARAMETER)] | None = None


class SafeNumber(msgspec.Struct, kw_only=True):
    """A number, as whoever asks wrote it."""

    sid: str
    phone_number: str
    url: str

    def __repr__(self) -> str:
        return f"SafeNumber({self.sid})"


def _shown(request: ApiRequest[Any], row: VerifyRow, number: str) -> SafeNumber:
    return SafeNumber(sid=row.sid, phone_number=number, url=f"{request.root}/{VERSION}/SafeList/Numbers/{number}")


async def _name(request: ApiRequest[Any], number: str) -> str:
    (index,) = await request.deps.keys.blind(request.account.sid, "safe_list", [number])
    return index.hex()


async def _found(request: ApiRequest[Any]) -> tuple[VerifyRow, str] | None:
    number = parse_e164(request.path["PhoneNumber"])
    if number is None:
        return None
    name = await _name(request, number.e164)
    row = await request.deps.store.verify_named(request.account.sid, "safe_number", name)
    return None if row is None else (row, number.e164)


@safe_list.create(SafeNumberForm)
async def create(request: ApiRequest[SafeNumberForm]) -> SafeNumber | None:
    number, deps = request.form.phone_number, request.deps
    if not number:
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `PhoneNumber`: expected a number in E.164 form.")
    row = await create_configured(
        deps.store, deps.clock, SAFE_NUMBER, account=request.account.sid, name=await _name(request, number)
    )
    return None if row is None else _shown(request, row, number)


@safe_list.fetch(named="PhoneNumber")
async def fetch(request: ApiRequest[msgspec.Struct]) -> SafeNumber | None:
    found = await _found(request)
    return None if found is None else _shown(request, *found)


@safe_list.delete(named="PhoneNumber")
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    found = await _found(request)
    return found is not None and await request.deps.store.delete_verify(
        request.account.sid, "safe_number", found[0].sid
    )
