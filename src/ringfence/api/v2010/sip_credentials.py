"""SIP Credential Lists, and the credentials in them. No answer holds a password, and no row does.

Source: Twilio, "SIP CredentialList resource" and "SIP Credential resource" (2010-04-01).
"""

import re
from typing import Annotated, Any

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.v2010.sip_lists import declare_lists
from ringfence.api.v2010.sip_names import needed
from ringfence.domain.errors import ApiError
from ringfence.ports.sip_access import SipRow
from ringfence.usecases.sip.set_password import change_password, create_credential

_USERNAME = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,;?/]{1,32}")

credential_lists = Resource(
    "Accounts/{AccountSid}/SIP/CredentialLists", item="CredentialList", listed="credential_lists"
)
credentials = Resource(
    "Accounts/{AccountSid}/SIP/CredentialLists/{CredentialListSid}/Credentials", item="Credential", listed="credentials"
)

declare_lists(credential_lists, "credential_list", prefix="CL", path="CredentialLists", below="Credentials")


def read_username(text: str) -> str:
    """What may stand before the @ of a SIP address as it is."""
    if not _USERNAME.fullmatch(text):
        raise ValueError("expected 1 to 32 letters, digits or signs that an address may hold")
    return text


class NewCredentialForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    username: Annotated[str, Rule(read_username)] | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return "NewCredentialForm(…)"


class PasswordForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    password: str | None = None

    def __repr__(self) -> str:
        return "PasswordForm(…)"


class Credential(msgspec.Struct, kw_only=True):
    sid: str
    account_sid: str
    credential_list_sid: str
    username: str
    date_created: str
    date_updated: str
    uri: str


def _shown(request: ApiRequest[Any], row: SipRow) -> Credential:
    return Credential(
        sid=row.sid,
        account_sid=row.account,
        credential_list_sid=row.parent,
        username=row.name,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        uri=f"{request.base}/SIP/CredentialLists/{row.parent}/Credentials/{row.sid}.json",
    )


def _list_sid(request: ApiRequest[Any]) -> str:
    return request.path["CredentialListSid"]


async def _check_list(request: ApiRequest[Any]) -> None:
    if await request.deps.store.sip_row(request.account.sid, "credential_list", _list_sid(request)) is None:
        raise ApiError(20404)


async def _one(request: ApiRequest[Any]) -> SipRow | None:
    return await request.deps.store.sip_row(request.account.sid, "credential", request.sid, parent=_list_sid(request))


@credentials.create(NewCredentialForm)
async def create(request: ApiRequest[NewCredentialForm]) -> Credential:
    deps = request.deps
    await _check_list(request)
    row = await create_credential(
        deps.store,
        deps.keys,
        deps.clock,
        account=request.account.sid,
        in_list=_list_sid(request),
        username=needed(request.form.username, "Username"),
        password=needed(request.form.password, "Password"),
    )
    if row is None:
        raise ApiError(20404)
    return _shown(request, row)


@credentials.list()
async def list_credentials(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Credential]:
    store, account, parent = request.deps.store, request.account.sid, _list_sid(request)
    await _check_list(request)
    rows = await store.sip_rows(account, "credential", parent=parent, before=cursor.before, limit=cursor.limit)
    return [_shown(request, row) for row in rows]


@credentials.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Credential | None:
    row = await _one(request)
    return None if row is None else _shown(request, row)


@credentials.update(PasswordForm)
async def update(request: ApiRequest[PasswordForm]) -> Credential | None:
    row = await _one(request)
    if row is None or not request.form.password:
        return None if row is None else _shown(request, row)
    deps = request.deps
    changed = await change_password(deps.store, deps.keys, deps.clock, row, password=request.form.password)
    return None if changed is None else _shown(request, changed)


@credentials.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.delete_sip(
        request.account.sid, "credential", request.sid, parent=_list_sid(request)
    )
