"""How a key, and a whole account's credentials, may be used, and when they were. Ours: Twilio has no such resource.

Reference: docs/howto/limit-a-key.md.
"""

from typing import Annotated

import msgspec

from ringfence.api.forms import Rule, read_instant
from ringfence.api.resource import OURS, ApiRequest, Resource
from ringfence.api.ringfence_v1.webhook_shown import iso
from ringfence.domain.allowed_networks import admits, read_networks
from ringfence.domain.errors import ApiError
from ringfence.domain.key_watch import Reaction
from ringfence.ports.store import CredentialRow
from ringfence.usecases.accounts.credential import API_KEY
from ringfence.usecases.accounts.end_key_at import end_key_at
from ringfence.usecases.accounts.restrict_key import restrict_key

key_limits = Resource("Accounts/{AccountSid}/Keys", item="Key", listed="", product=OURS, version="v1", owner_only=True)
access = Resource("Accounts/{AccountSid}/Access", item="Access", listed="", product=OURS, version="v1", owner_only=True)

Networks = Annotated[str, Rule(read_networks, clears=True)]
# Unix milliseconds, as text: empty for no end.
End = Annotated[str, Rule(lambda text: str(read_instant(text)), clears=True)]


class KeyLimitsForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What is absent stays; an empty `AllowedNetworks` lets it be used from everywhere.

    An empty `DateExpires` takes an end away.

    `Reaction` is to a canary's use, and to that of a key whose networks are watched from one that is new for it.
    """

    allowed_networks: Networks | None = None
    canary: bool | None = None
    watch_networks: bool | None = None
    reaction: Reaction | None = None
    date_expires: End | None = None


class AccessForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    allowed_networks: Networks = ""


class KeyLimits(msgspec.Struct, kw_only=True):
    """`date_last_used` is right to the minute, and null where it never was; `date_expires` where it does not end."""

    sid: str
    account_sid: str
    restricted: bool
    allowed_networks: tuple[str, ...]
    canary: bool
    watch_networks: bool
    known_networks: tuple[str, ...]
    reaction: str
    date_last_used: str | None
    date_expires: str | None


class Access(msgspec.Struct, kw_only=True):
    account_sid: str
    allowed_networks: tuple[str, ...]
    auth_token_last_used: str | None


async def _key(request: ApiRequest[msgspec.Struct]) -> CredentialRow | None:
    row = await request.deps.store.credential(request.sid)
    return row if row is not None and (row.account, row.kind) == (request.account.sid, API_KEY) else None


async def _last_used(request: ApiRequest[msgspec.Struct], sid: str) -> str | None:
    used_ms = await request.deps.store.used_ms(request.account.sid, sid)
    return None if used_ms is None else iso(used_ms)


async def _shown(request: ApiRequest[msgspec.Struct], row: CredentialRow) -> KeyLimits:
    return KeyLimits(
        sid=row.sid,
        account_sid=row.account,
        restricted=bool(row.policy),
        allowed_networks=tuple(row.networks.split()),
        canary=row.canary,
        watch_networks=row.watched,
        known_networks=tuple(await request.deps.store.known_networks(row.account, row.sid)),
        reaction=row.reaction,
        date_last_used=await _last_used(request, row.sid),
        date_expires=iso(row.ends_ms) if row.ends_ms else None,
    )


@key_limits.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> KeyLimits | None:
    row = await _key(request)
    return None if row is None else await _shown(request, row)


@key_limits.update(KeyLimitsForm)
async def update(request: ApiRequest[KeyLimitsForm]) -> KeyLimits | None:
    form, deps = request.form, request.deps
    row = await _key(request)
    if row is not None and form.date_expires is not None:
        ends_ms = int(form.date_expires or 0)
        row = await end_key_at(deps.store, deps.keys, deps.clock, request.caller, row, ends_ms)
    if row is not None:
        row = await restrict_key(
            deps.store,
            deps.clock,
            row,
            networks=form.allowed_networks,
            canary=form.canary,
            watched=form.watch_networks,
            reaction=form.reaction,
        )
    return None if row is None else await _shown(request, row)


@access.only()
async def fetch_access(request: ApiRequest[msgspec.Struct]) -> Access:
    account = request.account
    return Access(
        account_sid=account.sid,
        allowed_networks=tuple(account.networks.split()),
        auth_token_last_used=await _last_used(request, account.sid),
    )


@access.create(AccessForm, status=200)
async def update_access(request: ApiRequest[AccessForm]) -> Access:
    """From where the account's Auth Token and keys may be used: never so that whoever asks would be shut out by it."""
    account, networks = request.account, request.form.allowed_networks
    if account.sid == request.presented.account.sid and not admits(networks, request.client):
        raise ApiError(20001, "AllowedNetworks must hold the address that asks, or nobody could take it back.")
    if not await request.deps.store.restrict_account(account.sid, networks, request.deps.clock.now_ms()):
        raise ApiError(20404)
    return Access(
        account_sid=account.sid,
        allowed_networks=tuple(networks.split()),
        auth_token_last_used=await _last_used(request, account.sid),
    )
