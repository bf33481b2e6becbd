"""Accounts and subaccounts. Source: Twilio, "Account resource"."""

from typing import Literal

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Name
from ringfence.api.paging import Cursor, sift
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.ports.store import AccountRow
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.update_account import update_account

accounts = Resource("Accounts", item="Account", listed="accounts", owner_only=True, account_in="Sid")

_SUBRESOURCES = {
    "available_phone_numbers": "AvailablePhoneNumbers",
    "calls": "Calls",
    "conferences": "Conferences",
    "incoming_phone_numbers": "IncomingPhoneNumbers",
    "notifications": "Notifications",
    "outgoing_caller_ids": "OutgoingCallerIds",
    "recordings": "Recordings",
    "transcriptions": "Transcriptions",
    "addresses": "Addresses",
    "signing_keys": "SigningKeys",
    "connect_apps": "ConnectApps",
    "sip": "SIP",
    "authorized_connect_apps": "AuthorizedConnectApps",
    "usage": "Usage",
    "keys": "Keys",
    "applications": "Applications",
    "short_codes": "SMS/ShortCodes",
    "queues": "Queues",
    "messages": "Messages",
    "balance": "Balance",
}


class NewAccountForm(msgspec.Struct, frozen=True, rename="pascal"):
    friendly_name: Name | None = None


class AccountForm(msgspec.Struct, frozen=True, rename="pascal"):
    friendly_name: Name | None = None
    status: Literal["active", "suspended", "closed"] | None = None


class AccountFilter(msgspec.Struct, frozen=True, rename="pascal"):
    friendly_name: str | None = None
    status: Literal["active", "suspended", "closed"] | None = None


class Account(msgspec.Struct, kw_only=True):
    """`auth_token` is set only for the caller that presented it, and once when the account is made."""

    auth_token: str | None
    date_created: str
    date_updated: str
    friendly_name: str
    owner_account_sid: str
    sid: str
    status: str
    subresource_uris: dict[str, str]
    type: str
    uri: str


def _view(row: AccountRow, auth_token: str | None) -> Account:
    base = f"/{API_VERSION}/Accounts/{row.sid}"
    return Account(
        auth_token=auth_token,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        friendly_name=row.friendly_name,
        owner_account_sid=row.parent or row.sid,
        sid=row.sid,
        status=row.status,
        subresource_uris={name: f"{base}/{path}.json" for name, path in _SUBRESOURCES.items()},
        type=row.type,
        uri=f"{base}.json",
    )


def _seen_by(request: ApiRequest[msgspec.Struct], row: AccountRow) -> Account:
    presented = request.presented
    return _view(row, presented.auth_token if row.sid == presented.account.sid else None)


@accounts.create(NewAccountForm)
async def create(request: ApiRequest[NewAccountForm]) -> Account:
    """A subaccount. Subaccounts have none of their own."""
    parent = request.account
    if parent.parent is not None:
        raise ApiError(20403, "A subaccount cannot have subaccounts.")
    deps = request.deps
    made_ms = deps.clock.now_ms()
    name = request.form.friendly_name or f"SubAccount Created at {rfc2822(made_ms)}"
    made = await create_account(deps.store, deps.keys, deps.clock, friendly_name=name, parent=parent)
    return _view(made.row, made.auth_token)


@accounts.list(AccountFilter)
async def list_accounts(request: ApiRequest[AccountFilter], cursor: Cursor) -> list[Account]:
    """The caller's account and its subaccounts; a subaccount sees itself."""
    own = request.account
    wanted = request.form

    async def read(place: Cursor) -> list[AccountRow]:
        if own.parent is not None:
            return [own] if place.before is None else []
        return await request.deps.store.accounts(own.tenant, before=place.before, limit=place.limit)

    def keep(row: AccountRow) -> bool:
        named = wanted.friendly_name is None or row.friendly_name == wanted.friendly_name
        return named and (wanted.status is None or row.status == wanted.status)

    rows = await sift(cursor, read, keep, lambda row: row.sid)
    return [_seen_by(request, row) for row in rows]


@accounts.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Account:
    return _seen_by(request, request.account)


@accounts.update(AccountForm, any_status=True)
async def update(request: ApiRequest[AccountForm]) -> Account:
    """A new name, or for a subaccount a new status, which its parent alone decides."""
    form, row = request.form, request.account
    if form.status not in (None, row.status) and row.parent != request.presented.account.sid:
        raise ApiError(21477)
    changed = await update_account(
        request.deps.store,
        request.deps.clock,
        row,
        friendly_name=form.friendly_name,
        status=form.status,
    )
    return _seen_by(request, changed)
