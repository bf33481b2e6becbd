"""One-time codes as the key service's clients see them: checked there, and told to nobody but who carries them.

Source: docs/why/verify.md. Which side may call what is decided by the socket they come through.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec


class Verdict(StrEnum):
    """What became of a check. Nothing tells why a code is gone: unknown, expired, closed, or approved before."""

    APPROVED = "approved"
    WRONG = "wrong"
    SPENT = "spent"
    GONE = "gone"


class CodeState(StrEnum):
    """Whether a code may still be checked; USED where a check was right, GONE where it was closed or never opened."""

    OPEN = "open"
    USED = "used"
    GONE = "gone"


class CodeOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose code: all of it goes into the code, so that one of another number or service never fits."""

    account: str
    sid: str
    service: str
    to: str

    def __repr__(self) -> str:
        return f"CodeOf({self.sid})"


class VerificationCodes(Protocol):
    """For the API, which learns no code. ConnectionError: the service is away, or cannot write; nothing was counted."""

    async def open_code(self, code: CodeOf, length: int, expires_ms: int, custom: str = "") -> None:
        """Let a code be carried and checked until `expires_ms` (Unix, at most ten minutes from now).

        `custom` is the program's own, kept sealed until then. Again is a no-op: nothing is counted anew.
        """

    async def check_code(self, code: CodeOf, guess: str) -> Verdict:
        """Count a check, durably, then compare. Approved once: the code is gone with that.

        Whatever the verdict, the same work is done for it.
        """

    async def code_state(self, account: str, sid: str) -> CodeState:
        """What became of a code until `expires_ms`; GONE from then on. Nothing is counted, nothing told of the code."""

    async def close_code(self, account: str, sid: str) -> None:
        """Erase it before its time. Again is a no-op."""


class CodeReader(Protocol):
    """For the dispatcher and voice, who carry codes to telephones."""

    async def reveal_codes(self, codes: Sequence[CodeOf]) -> list[str | None]:
        """In order; None for one that is gone. Each is an entry of the ledger."""
