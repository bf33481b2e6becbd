"""Tokens: the ICE servers that an operator has, with credentials for a while. Source: Twilio, "Token resource"."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Rule, read_integer
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.turn_credentials import credentials_for, described

MAX_TTL_S = 86_400

tokens = Resource("Accounts/{AccountSid}/Tokens", item="Token", listed="tokens")


def read_ttl(text: str) -> int:
    """Seconds: 1 to 86,400."""
    seconds = read_integer(text)
    if not 1 <= seconds <= MAX_TTL_S:
        raise ValueError(f"expected 1 to {MAX_TTL_S:,}")
    return seconds


class TokenForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    ttl: Annotated[int, Rule(read_ttl)] = MAX_TTL_S


class Token(msgspec.Struct, kw_only=True):
    """Where a phone finds STUN and TURN, and how it signs in there."""

    account_sid: str
    username: str
    password: str
    ttl: str
    ice_servers: Sequence[dict[str, str]]
    date_created: str
    date_updated: str

    def __repr__(self) -> str:
        return "Token(…)"


@tokens.create(TokenForm)
async def create(request: ApiRequest[TokenForm]) -> Token:
    now_ms, ttl_s = request.deps.clock.now_ms(), request.form.ttl
    servers = request.deps.ice_servers
    credentials = credentials_for(servers, request.account.sid, now_ms // 1_000 + ttl_s)
    return Token(
        account_sid=request.account.sid,
        username=credentials.username,
        password=credentials.password,
        ttl=str(ttl_s),
        ice_servers=described(servers, credentials),
        date_created=rfc2822(now_ms),
        date_updated=rfc2822(now_ms),
    )
