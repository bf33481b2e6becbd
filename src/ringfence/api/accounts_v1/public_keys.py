"""Public keys that an account's clients sign requests with. Source: Twilio, "Public Key Credentials".

Whether requests must be signed is set at `ringfence_v1.client_validation`: Twilio has no operation for that.
"""

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.named_account import Account, account_to_change
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.client_validation import ClientKey, read_client_keys
from ringfence.usecases.accounts.change_client_keys import (
    add_key,
    change_client_keys,
    remove_key,
    rename_client_key,
)

public_keys = Resource(
    "Credentials/PublicKeys", item="PublicKey", listed="credentials", product="accounts", version="v1", owner_only=True
)


class NewPublicKeyForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`AccountSid` is a subaccount's whose key it is to be."""

    public_key: str = ""
    friendly_name: str = ""
    account_sid: Account | None = None


class PublicKeyForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    friendly_name: str | None = None


class PublicKey(msgspec.Struct, kw_only=True):
    sid: str
    account_sid: str
    friendly_name: str
    date_created: str
    date_updated: str
    url: str


def _shown(request: ApiRequest[msgspec.Struct], account: str, key: ClientKey) -> PublicKey:
    return PublicKey(
        sid=key.sid,
        account_sid=account,
        friendly_name=key.friendly_name,
        date_created=iso8601(key.created_ms),
        date_updated=iso8601(key.updated_ms or key.created_ms),
        url=f"{request.root}/v1/Credentials/PublicKeys/{key.sid}",
    )


@public_keys.create(NewPublicKeyForm)
async def create(request: ApiRequest[NewPublicKeyForm]) -> PublicKey:
    form, deps = request.form, request.deps
    account = await account_to_change(request, form.account_sid)
    add = add_key(form.public_key, form.friendly_name, deps.clock.now_ms())
    keys = await change_client_keys(deps.store, deps.clock, account, add)
    return _shown(request, account.sid, keys.keys[-1])


@public_keys.list()
async def list_keys(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[PublicKey]:
    newest_first = sorted(read_client_keys(request.account.client_keys).keys, key=lambda key: key.sid, reverse=True)
    keys = [key for key in newest_first if cursor.before is None or key.sid < cursor.before]
    return [_shown(request, request.account.sid, key) for key in keys[: cursor.limit]]


@public_keys.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> PublicKey | None:
    key = read_client_keys(request.account.client_keys).key(request.sid)
    return None if key is None else _shown(request, request.account.sid, key)


@public_keys.update(PublicKeyForm)
async def update(request: ApiRequest[PublicKeyForm]) -> PublicKey | None:
    name, deps = request.form.friendly_name, request.deps
    if name is None:
        return await fetch(request)
    rename = rename_client_key(request.sid, name, deps.clock.now_ms())
    key = (await change_client_keys(deps.store, deps.clock, request.account, rename)).key(request.sid)
    return None if key is None else _shown(request, request.account.sid, key)


@public_keys.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    await change_client_keys(request.deps.store, request.deps.clock, request.account, remove_key(request.sid))
    return True
