"""Secrets of authenticator apps as the key service's clients see them: told once, checked there.

Source: docs/why/verify.md; RFC 6238.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.totp import TotpShape
from ringfence.ports.verification_codes import Verdict


class TotpOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose secret: the factor (YF…) of a service of an account."""

    account: str
    service: str
    factor: str


class TotpCodes(Protocol):
    """For the API. ConnectionError: the service is away, or cannot write; nothing was counted."""

    async def open_totp(self, factor: TotpOf, shape: TotpShape, secret: bytes = b"") -> bytes:
        """Keep a secret, sealed: the program's own, else a new one. It is told in this answer and never again.

        ValueError where the factor has one.
        """

    async def check_totp(self, factor: TotpOf, attempt: str, guess: str, shape: TotpShape | None = None) -> Verdict:
        """Count a check, durably, then compare. `attempt` is the challenge, or the factor that is being verified.

        Codes are made as `shape` says from now on, where it is given; what was used stays used.

        An attempt has five checks, a factor thirty an hour: then SPENT, whatever the guess. A step that was used is
        WRONG ever after. Whatever the verdict, the same work is done for it.
        """

    async def close_totp(self, account: str, factors: Sequence[str]) -> None:
        """Erase secrets and counts. Again is a no-op."""
