"""API keys. Source: Twilio, "Key resource" (2010-04-01)."""

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Name
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.ports.store import CredentialRow, KeyRow
from ringfence.usecases.accounts.create_key import create_key
from ringfence.usecases.accounts.credential import API_KEY
from ringfence.usecases.accounts.rename_key import rename_key
from ringfence.usecases.accounts.revoke_key import revoke_key

keys = Resource("Accounts/{AccountSid}/Keys", item="Key", listed="keys", owner_only=True)


class KeyForm(msgspec.Struct, frozen=True, rename="pascal"):
    friendly_name: Name | None = None


class Key(msgspec.Struct, kw_only=True):
    sid: str
    friendly_name: str
    date_created: str
    date_updated: str


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


@keys.create(KeyForm)
async def create(request: ApiRequest[KeyForm]) -> NewKey:
    deps = request.deps
    made = await create_key(
        deps.store,
        deps.keys,
        deps.clock,
        caller=request.caller,
        account=request.account.sid,
        friendly_name=request.form.friendly_name or "",
    )
    return NewKey(**_fields(made.row), secret=made.secret)


@keys.list()
async def list_keys(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Key]:
    rows = await request.deps.store.credentials(request.account.sid, before=cursor.before, limit=cursor.limit)
    return [Key(**_fields(row)) for row in rows]


@keys.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Key | None:
    row = await request.deps.store.credential(request.sid)
    if row is None or row.account != request.account.sid or row.kind != API_KEY:
        return None
    return Key(**_fields(row))


@keys.update(KeyForm)
async def update(request: ApiRequest[KeyForm]) -> Key | None:
    row = await rename_key(
        request.deps.store,
        request.deps.clock,
        account=request.account.sid,
        sid=request.sid,
        friendly_name=request.form.friendly_name,
    )
    return None if row is None else Key(**_fields(row))


@keys.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await revoke_key(
        request.deps.store, request.deps.keys.revoke_slot, account=request.account.sid, sid=request.sid
    )
