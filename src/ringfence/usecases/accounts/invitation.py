"""Invite somebody to make an account: its secrets are told to who takes the invitation, and to nobody else.

The operator has a link, whose secret opens nothing by itself. Source: docs/howto/invite-a-tenant.md.
"""

import hashlib
import re
import secrets
from typing import Final, Protocol

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.recovery_kit import write_recovery_secret
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ports.freezes import FreezeStore, FrozenError, is_platform_frozen
from ringfence.ports.invitations import InvitationRow, Invitations, InvitationStore
from ringfence.ports.keys import Caller, KeyRefusedError, TenantKeys
from ringfence.ports.store import AccountStore, StoreFailedError
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.recovery_kit import make_recovery_kit

PREFIX: Final = "IV"
LIFE_MS: Final = 7 * 86_400_000
SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class InvitedStore(AccountStore, InvitationStore, FreezeStore, Protocol):
    """What this stands on, of the store."""


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation and the secret of its link, which is told here and never again."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"NewInvitation({self.id})"


class InvitedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account's secrets, for the browser that took the invitation."""

    sid: str
    name: str
    auth_token: str
    recovery_kit: list[str]

    def __repr__(self) -> str:
        return f"InvitedAccount({self.sid})"


class SpentInVainError(Exception):
    """The invitation is used up and its account was not finished: nobody holds a secret of that, nor ever will."""


def new_invitation_id(clock: Clock) -> str:
    """What the terminal calls it, and the ledger."""
    return new_sid(PREFIX, clock.now_ms())


async def invite(store: Invitations, clock: Clock, *, invitation: str, name: str, by: str) -> NewInvitation:
    """An invitation by that ID to make an account of that name, good for seven days and once; `by` is who of staff."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    now_ms = clock.now_ms()
    row = InvitationRow(id=invitation, name=name, invited_by=by, created_ms=now_ms, expires_ms=now_ms + LIFE_MS)
    await store.put_invitation(row, _digest(secret))
    return NewInvitation(id=invitation, secret=secret)


async def take_invitation(store: InvitedStore, keys: TenantKeys, clock: Clock, *, secret: str) -> InvitedAccount | None:
    """The account that the invitation makes; None where it was taken, has ended or been withdrawn, or never was.

    ConnectionError while the key service is away and FrozenError while all stands still: it is as good as before then.
    SpentInVainError where that happens later: an account of which nobody has a secret may stand under the SID that the
    invitation names. The same holds where the process dies before it answers.
    """
    if not _SECRET.fullmatch(secret):
        return None
    digest = _digest(secret)
    row = await store.invitation(digest)
    if row is None or not row.is_open(clock.now_ms()):
        return None
    if is_platform_frozen(await store.freezes()):
        raise FrozenError
    sid = new_sid("AC", clock.now_ms())
    # Seals nothing: it tells whether the key service is there, before the invitation is used up.
    await keys.seal_standing(sid, [])
    if not await store.take_invitation(digest, sid, clock.now_ms()):
        return None
    kept: list[bytes] = []
    try:
        made = await create_account(store, keys, clock, friendly_name=row.name, sid=sid)
        caller = Caller(account=sid, credential=sid, seed=slot_seed(made.auth_token, sid))
        await make_recovery_kit(keys, caller=caller, account=sid, keep=kept.append)
    except (ConnectionError, KeyRefusedError, StoreFailedError) as error:
        raise SpentInVainError(f"{row.id}: {type(error).__name__}") from error
    (kit,) = kept
    return InvitedAccount(sid=sid, name=row.name, auth_token=made.auth_token, recovery_kit=write_recovery_secret(kit))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
