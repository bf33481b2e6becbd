"""Who may come in over SIP: domains with what admits to them, and clients by token.

Source: Twilio, "SIP Domain resource", "SIP Credential List resource" and "SIP IP Access Control List resource".
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

REALM = "ringfence"
"""What every digest is made for: a password's hash holds it, so that it never changes."""


class SipDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that phones and switches may call, as its door sees it.

    `networks` (CIDR) and the credential lists admit calls: where both are there, both must agree; where neither is,
    nobody comes in. `registration_lists` admit phones, where `registration` is on.
    """

    account: str
    sid: str
    secure: bool = False
    registration: bool = False
    networks: tuple[str, ...] = ()
    call_lists: tuple[str, ...] = ()
    registration_lists: tuple[str, ...] = ()


class SipAccess(Protocol):
    """What SIP's side asks about domains: no tenant is present then."""

    async def domain(self, host: str) -> SipDomain | None:
        """The domain that this host part of an address means."""

    async def secrets(self, domain: SipDomain, lists: Sequence[str], username: str) -> list[Mapping[str, str]]:
        """For each of the lists that has this username: H(username:REALM:password) by algorithm (SHA-256, MD5)."""


class ClientLogin(msgspec.Struct, frozen=True, kw_only=True):
    """What an Access Token says: whose client it is, and the application that its calls run ("" without one)."""

    account: str
    identity: str
    application: str = ""
    expires_ms: int = 0
    incoming: bool = True

    def __repr__(self) -> str:
        return f"ClientLogin({self.account})"


class Authenticator(Protocol):
    """Reads Access Tokens."""

    async def client(self, token: str) -> ClientLogin | None:
        """Who shows this token; None where it is not good (any more)."""
