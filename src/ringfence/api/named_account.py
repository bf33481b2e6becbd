"""The account that a form names by its AccountSid, where a path names none: the caller's own, or its subaccount."""

from typing import Annotated

import msgspec

from ringfence.api.forms import Rule
from ringfence.api.resource import ApiRequest
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import is_sid
from ringfence.ports.store import AccountRow


def read_account(text: str) -> str:
    """An account's SID."""
    if not is_sid(text, "AC"):
        raise ValueError("expected an account's SID")
    return text


Account = Annotated[str, Rule(read_account)]


async def named_account(request: ApiRequest[msgspec.Struct], sid: str | None) -> AccountRow:
    """The caller's own account, or its subaccount that is named; ApiError 20404."""
    if sid is None or sid == request.account.sid:
        return request.account
    row = await request.deps.store.account(sid)
    if row is None or row.parent != request.account.sid:
        raise ApiError(20404)
    return row


async def account_to_change(request: ApiRequest[msgspec.Struct], sid: str | None) -> AccountRow:
    """As `named_account`, for what writes there; ApiError 20005 where it is suspended, which a freeze does too."""
    row = await named_account(request, sid)
    if row.status != "active":
        raise ApiError(20005)
    return row
