"""Tokens signed with a key that is there are believed, and no others, though no secret is kept."""

from typing import Any

import msgspec
import pytest
from twilio.jwt.access_token import AccessToken as SdkToken
from twilio.jwt.access_token.grants import VoiceGrant

from ringfence.domain.access_token import INVALID_ISSUER, INVALID_SIGNATURE, TokenRefusedError
from ringfence.domain.clock import SystemClock
from ringfence.ports.store import CredentialRow
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


class Shown:
    """Hears of keys that show themselves."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def __call__(self, credential: CredentialRow, cause: str) -> None:
        self.heard.append((credential.sid, cause))


def token(account: str, key: str, secret: str, valid_until: int | None = None) -> str:
    made = SdkToken(account, key, secret, identity="ann", valid_until=valid_until)
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
        tokens = AccessTokens(parts.store, Standing(parts.keys), SystemClock(), Shown())
        found = await tokens.verify(token(made.sid, key.sid, key.secret))
        past = await create_key(*parts.all, caller=caller, account=made.sid)
        assert await parts.store.delete_credential(made.sid, past.sid)
        await parts.store.put_credential(msgspec.structs.replace(past.row, ends_ms=1))
        assert await code_of(tokens, token(made.sid, past.sid, past.secret)) == INVALID_ISSUER
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


def test_a_token_that_a_canary_signed_is_refused_and_told_of_and_one_that_others_made_up_is_refused_alone(
    with_parts: Any,
) -> None:
    async def test(parts: Any) -> None:
        made = await create_account(*parts.all, friendly_name="Fade & Co")
        caller = parts.caller(made.sid, made.auth_token)
        shown = Shown()
        tokens = AccessTokens(parts.store, Standing(parts.keys), SystemClock(), shown)
        for policy in ("", "/twilio/voice/calls/*"):
            key = await create_key(*parts.all, caller=caller, account=made.sid)
            how = {"policy": policy, "networks": "", "canary": True, "at_ms": 1}
            await parts.store.restrict_credential(made.sid, key.sid, **how)
            assert await code_of(tokens, token(made.sid, key.sid, "made up")) == INVALID_ISSUER
            assert shown.heard == []
            assert await code_of(tokens, token(made.sid, key.sid, key.secret)) == INVALID_ISSUER
            # Whoever signed it has the secret, however long ago that was.
            assert await code_of(tokens, token(made.sid, key.sid, key.secret, valid_until=1)) == INVALID_ISSUER
            assert shown.heard == [(key.sid, "canary")] * 2
            shown.heard.clear()
        # It is frozen by now: there is nothing more to be done.
        await freeze(parts.store, parts.clock, "key", key.sid)
        assert await code_of(tokens, token(made.sid, key.sid, key.secret)) == INVALID_ISSUER
        assert shown.heard == []

    with_parts(test)
