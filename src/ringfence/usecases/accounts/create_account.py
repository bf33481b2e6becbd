"""Make an account: its content key first, then its row, so that no account exists that cannot be sealed for."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import AccountRow, AccountStore
from ringfence.usecases.accounts.credential import AUTH_TOKEN, credential_of, credential_row, new_auth_token


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A new account and its Auth Token, which is told here and never again."""

    row: AccountRow
    auth_token: str

    @property
    def sid(self) -> str:
        return self.row.sid

    def __repr__(self) -> str:
        return f"NewAccount({self.sid})"


async def create_account(
    store: AccountStore,
    keys: TenantKeys,
    clock: Clock,
    *,
    friendly_name: str,
    parent: AccountRow | None = None,
    auth_token: str | None = None,
    sid: str | None = None,
) -> NewAccount:
    """A top-level account, or a subaccount of `parent`. ConnectionError when the key service is away.

    `sid` and `auth_token` are given only where they must be known beforehand (tests, the demo).
    """
    now_ms = clock.now_ms()
    account = sid or new_sid("AC", now_ms)
    credential = credential_of(account, auth_token or new_auth_token())
    await keys.create_account(account, [credential.slot], parent.sid if parent is not None else None)
    row = AccountRow(
        sid=account,
        tenant=parent.tenant if parent is not None else account,
        parent=parent.sid if parent is not None else None,
        friendly_name=friendly_name,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    kept = await credential_row(
        keys, credential, account=account, kind=AUTH_TOKEN, created_ms=now_ms, updated_ms=now_ms
    )
    await store.create_account(row, kept)
    return NewAccount(row=row, auth_token=credential.secret)
