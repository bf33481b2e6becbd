"""Tokens signed with a key that is there are believed, and no others, though no secret is kept."""

from typing import Any

import pytest
from twilio.jwt.access_token import AccessToken as SdkToken
from twilio.jwt.access_token.grants import VoiceGrant

from ringfence.domain.access_token import INVALID_ISSUER, INVALID_SIGNATURE, TokenRefusedError
from ringfence.domain.clock import SystemClock
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.create_key import create_key
from ringfence.usecases.accounts.revoke_key import revoke_key
from ringfence.usecases.accounts.update_account import update_account
from ringfence.usecases.accounts.verify_access_token import AccessTokens


class Standing:
    """Opens what the key service opens for a process that delivers."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys

    async def open(self, account: str, record: str, sealed: bytes) -> bytes:
        (value,) = await self._keys.open_standing(account, [(record, sealed)])
        return value


def token(account: str, key: str, secret: str) -> str:
    made = SdkToken(account, key, secret, identity="ann")
    made.add_grant(VoiceGrant(incoming_allow=True))
    return str(made.to_jwt())


async def code_of(tokens: AccessTokens, text: str) -> int:
    with pytest.raises(TokenRefusedError) as refused:
        await tokens.verify(text)
    return refused.value.code


def test_a_key_s_tokens_are_believed_until_it_is_revoked(with_parts: Any) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Fade & Co")
        caller = parts.caller(made.sid, made.auth_token)
        key = await create_key(*parts.all, caller=caller, account=made.sid)
        other = await create_key(*parts.all, caller=caller, account=made.sid)
        tokens = AccessTokens(parts.store, Standing(parts.keys), SystemClock())
        found = await tokens.verify(token(made.sid, key.sid, key.secret))
        assert (found.account, found.key_sid, found.identity) == (made.sid, key.sid, "ann")
        assert found.voice.incoming is True
        assert await code_of(tokens, token(made.sid, key.sid, other.secret)) == INVALID_SIGNATURE
        assert await code_of(tokens, token("AC" + "0" * 32, key.sid, key.secret)) == INVALID_ISSUER
        assert await code_of(tokens, token(made.sid, "SK" + "0" * 32, key.secret)) == INVALID_ISSUER
        await revoke_key(parts.store, parts.keys.revoke_slot, account=made.sid, sid=key.sid)
        assert await code_of(tokens, token(made.sid, key.sid, key.secret)) == INVALID_ISSUER
        good = token(made.sid, other.sid, other.secret)
        assert (await tokens.verify(good)).key_sid == other.sid
        await freeze(parts.store, parts.clock, "key", other.sid)
        assert await code_of(tokens, good) == INVALID_ISSUER
        await thaw(parts.store, parts.clock, "key", other.sid)
        assert (await tokens.verify(good)).key_sid == other.sid
        await update_account(parts.store, parts.clock, made.row, status="suspended")
        assert await code_of(tokens, good) == INVALID_ISSUER

    with_parts(test)
