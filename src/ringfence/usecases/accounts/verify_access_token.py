"""Believe an Access Token, or say why not. No secret is kept: its key's HMAC states are what it is checked by."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from ringfence.domain.access_token import (
    INVALID_ISSUER,
    INVALID_SIGNATURE,
    AccessToken,
    TokenRefusedError,
    is_signed,
    read_token,
    verify_token,
)
from ringfence.domain.clock import Clock
from ringfence.domain.standing import hmac_states_record
from ringfence.ports.freezes import FreezeStore, is_frozen
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.store import AccountStore, CredentialRow
from ringfence.usecases.accounts.credential import API_KEY

CANARY = "canary"
# What is done about a key that shows itself, and why.
Shown = Callable[[CredentialRow, str], Awaitable[object]]

_log = structlog.get_logger(__name__)


class Standing(Protocol):
    """Opens standing configuration."""

    async def open(self, account: str, record: str, sealed: bytes) -> bytes:
        """A record's value; KeyRefusedError or ConnectionError from the key service."""


class Accounts(AccountStore, FreezeStore, Protocol):
    """Accounts and keys, and which of them an operator has frozen."""


class AccessTokens:
    """Checks tokens against the store each time, so that those of a key that was revoked end at once.

    A token that a canary signed is not good, and `shown` is told of it: whoever made it has the canary's secret.
    """

    def __init__(self, store: Accounts, standing: Standing, clock: Clock, shown: Shown) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock
        self._shown = shown

    async def verify(self, text: str) -> AccessToken:
        """The token; TokenRefusedError with Twilio's code where it is not good. ConnectionError, StoreFailedError."""
        claimed = read_token(text)
        credential = await self._store.credential(claimed.key_sid)
        if credential is None or credential.kind != API_KEY or credential.account != claimed.account:
            raise TokenRefusedError(INVALID_ISSUER)
        # A token says nothing of what its key may not do.
        if credential.policy and not credential.canary:
            raise TokenRefusedError(INVALID_ISSUER)
        if credential.is_past(self._clock.now_ms()):
            raise TokenRefusedError(INVALID_ISSUER)
        if is_frozen(await self._store.freezes(), "key", credential.sid):
            raise TokenRefusedError(INVALID_ISSUER)
        account = await self._store.account(claimed.account)
        if account is None or account.status != "active" or not await self._parent_is_active(account.parent):
            raise TokenRefusedError(INVALID_ISSUER)
        record = hmac_states_record(credential.sid)
        try:
            states = await self._standing.open(credential.account, record, credential.hmac_states)
        except KeyRefusedError:
            raise TokenRefusedError(INVALID_SIGNATURE) from None
        if credential.canary:
            # Of what its secret did not sign anybody may have made it up.
            if is_signed(claimed, states):
                _log.error("canary key used", account=credential.account, sid=credential.sid, by="access token")
                await self._shown(credential, CANARY)
            raise TokenRefusedError(INVALID_ISSUER)
        return verify_token(claimed, states, self._clock.now_ms() // 1_000)

    async def _parent_is_active(self, parent: str | None) -> bool:
        if parent is None:
            return True
        row = await self._store.account(parent)
        return row is not None and row.status == "active"
