"""Attempts to bring a code, each with a row of its own: what is listed, counted and explained. Part of the store.

Source: Twilio, Verify v2, "Verification Attempts", "Verification Attempts Summary".
"""

from typing import Protocol

import msgspec

from ringfence.ports.verifications import VerificationRow


class VerificationAttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt. `sid` (VL…) is that of its text, its digits those of its call. `to_index` is its verification's.

    `converted` once its code was entered. `refusal` is the Twilio code by which it was refused before anything was
    sent, None for one that was accepted; `why` says more of it, in words without content.
    """

    account: str
    sid: str
    verification: str
    service: str
    to_index: bytes
    channel: str
    country: str
    at_ms: int
    converted: bool = False
    refusal: int | None = None
    why: str = ""

    def __repr__(self) -> str:
        return f"VerificationAttemptRow({self.sid})"


class AttemptFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which attempts; None is any. `to` are blind indexes of one number, one a service. [`from_ms`, `to_ms`)."""

    service: str | None = None
    verification: str | None = None
    to: tuple[bytes, ...] | None = None
    channel: str | None = None
    country: str | None = None
    converted: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    def __repr__(self) -> str:
        return "AttemptFilter(…)"


class AttemptCount(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a count: refused ones are not among `total`. `last` is where it stopped, "" where that was the end."""

    total: int
    converted: int
    last: str


class VerificationAttemptStore(Protocol):
    """Attempts of accounts. `VerificationStore` writes them with their verifications and marks what converted."""

    async def verification_attempt(self, account: str, sid: str) -> VerificationAttemptRow | None: ...

    async def verification_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 50
    ) -> list[VerificationAttemptRow]:
        """Newest first."""

    async def count_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 10_000
    ) -> AttemptCount:
        """Of at most `limit` attempts that come after `before`, newest first: how many, how many converted."""

    async def refuse_attempt(self, row: VerificationAttemptRow, failed: VerificationRow | None = None) -> None:
        """Write an attempt that was refused, and with it a failed verification where none was pending."""

    async def mark_refused(self, account: str, sid: str, code: int, why: str = "") -> None:
        """Note that an attempt which was written already came to nothing. Of one that is not there, nothing."""
