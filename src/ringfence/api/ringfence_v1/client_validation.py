"""The public keys that an account's clients sign requests with, and whether every request must be signed. Ours.

Reference: docs/howto/limit-a-key.md.
"""

import msgspec

from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.webhook_shown import iso
from ringfence.domain.client_validation import ClientKeys, read_client_keys
from ringfence.usecases.accounts.change_client_keys import (
    Change,
    add_key,
    change_client_keys,
    remove_key,
    require,
)

client_validation = Resource(
    "Accounts/{AccountSid}/ClientValidation",
    item="ClientValidation",
    listed="",
    product=OURS,
    version="v1",
    owner_only=True,
)


class ClientValidationForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A `PublicKey` to add, the SID of one to `Remove`; what is absent stays."""

    public_key: str = ""
    friendly_name: str = ""
    remove: str = ""
    required: bool | None = None


class ShownKey(msgspec.Struct, kw_only=True):
    sid: str
    friendly_name: str
    date_created: str


class ClientValidation(msgspec.Struct, kw_only=True):
    account_sid: str
    required: bool
    public_keys: list[ShownKey]


def _shown(account: str, keys: ClientKeys) -> ClientValidation:
    return ClientValidation(
        account_sid=account,
        required=keys.required,
        public_keys=[
            ShownKey(sid=key.sid, friendly_name=key.friendly_name, date_created=iso(key.created_ms))
            for key in keys.keys
        ],
    )


@client_validation.only()
async def fetch(request: ApiRequest[msgspec.Struct]) -> ClientValidation:
    return _shown(request.account.sid, read_client_keys(request.account.client_keys))


@client_validation.create(ClientValidationForm, status=200)
async def update(request: ApiRequest[ClientValidationForm]) -> ClientValidation:
    """Keys are given by the account's Auth Token; whoever has that and no key cannot ask, where one is required."""
    form, deps, account = request.form, request.deps, request.account
    changes: list[Change] = []
    if form.remove:
        changes.append(remove_key(form.remove))
    if form.public_key:
        changes.append(add_key(form.public_key, form.friendly_name, deps.clock.now_ms()))
    if form.required is not None:
        changes.append(require(form.required, deps.clock.now_ms()))
    keys = await change_client_keys(deps.store, deps.clock, account, *changes)
    return _shown(account.sid, keys)
