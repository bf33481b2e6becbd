"""API keys, restricted ones too. Source: Twilio, "REST API: Key Resource v1".

A restricted key's permissions are `domain.key_policy`'s; a key that only writes gets no slot of the content key.
"""

from typing import Literal

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Name
from ringfence.api.named_account import Account, account_to_change, named_account
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import read_policy
from ringfence.ports.store import CredentialRow, KeyRow
from ringfence.usecases.accounts.create_key import create_key
from ringfence.usecases.accounts.credential import API_KEY
from ringfence.usecases.accounts.rename_key import rename_key
from ringfence.usecases.accounts.restrict_key import restrict_key
from ringfence.usecases.accounts.revoke_key import revoke_key

keys = Resource("Keys", item="Key", listed="keys", product="iam", version="v1", owner_only=True)


class NewKeyForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    account_sid: Account | None = None
    friendly_name: Name | None = None
    key_type: Literal["standard", "restricted"] = "standard"
    policy: str | None = None


class KeyForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    friendly_name: Name | None = None
    policy: str | None = None


class KeyFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    account_sid: Account | None = None


class Listed(msgspec.Struct, kw_only=True):
    sid: str
    friendly_name: str
    date_created: str
    date_updated: str
    flags: tuple[str, ...]


class Policy(msgspec.Struct):
    allow: tuple[str, ...]


class Key(msgspec.Struct, kw_only=True):
    sid: str
    friendly_name: str
    date_created: str
    date_updated: str
    policy: Policy | None


class NewKey(Key, kw_only=True):
    """A key as it is made: the only answer that holds its secret."""

    secret: str


def _fields(row: CredentialRow | KeyRow) -> dict[str, str]:
    return {
        "sid": row.sid,
        "friendly_name": row.friendly_name,
        "date_created": rfc2822(row.created_ms),
        "date_updated": rfc2822(row.updated_ms),
    }


def _policy(row: CredentialRow | KeyRow) -> Policy | None:
    return Policy(tuple(row.policy.split())) if row.policy else None


async def _key(request: ApiRequest[msgspec.Struct]) -> CredentialRow | None:
    row = await request.deps.store.credential(request.sid)
    if row is None or row.kind != API_KEY:
        return None
    await named_account(request, row.account)
    return row


async def _key_to_change(request: ApiRequest[msgspec.Struct]) -> CredentialRow | None:
    row = await _key(request)
    if row is not None:
        await account_to_change(request, row.account)
    return row


@keys.create(NewKeyForm)
async def create(request: ApiRequest[NewKeyForm]) -> NewKey:
    form, deps = request.form, request.deps
    restricted = form.key_type == "restricted"
    if restricted != (form.policy is not None):
        raise ApiError(20001, "A restricted key has a Policy, and no other has one.")
    made = await create_key(
        deps.store,
        deps.keys,
        deps.clock,
        caller=request.caller,
        account=(await account_to_change(request, form.account_sid)).sid,
        friendly_name=form.friendly_name or "",
        policy=None if form.policy is None else read_policy(form.policy),
    )
    return NewKey(**_fields(made.row), policy=_policy(made.row), secret=made.secret)


@keys.list(KeyFilter)
async def list_keys(request: ApiRequest[KeyFilter], cursor: Cursor) -> list[Listed]:
    account = await named_account(request, request.form.account_sid)
    rows = await request.deps.store.credentials(account.sid, before=cursor.before, limit=cursor.limit)
    return [Listed(**_fields(row), flags=("restricted",) if row.policy else ("rest_api", "signing")) for row in rows]


@keys.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Key | None:
    row = await _key(request)
    return None if row is None else Key(**_fields(row), policy=_policy(row))


@keys.update(KeyForm)
async def update(request: ApiRequest[KeyForm]) -> Key | None:
    form, deps = request.form, request.deps
    row = await _key_to_change(request)
    if row is not None and form.policy is not None:
        row = await restrict_key(deps.store, deps.clock, row, policy=read_policy(form.policy))
    if row is None:
        return None
    named = await rename_key(deps.store, deps.clock, account=row.account, sid=row.sid, friendly_name=form.friendly_name)
    return None if named is None else Key(**_fields(named), policy=_policy(named))


@keys.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    row = await _key_to_change(request)
    if row is None:
        return False
    return await revoke_key(request.deps.store, request.deps.keys.revoke_slot, account=row.account, sid=row.sid)
