"""Where factors and challenges say what happened to them, and how that waits to be told. Part of the store.

Whoever changes a factor or a challenge takes the rows of `tellings` into the transaction that changes it, so that
neither is without the other, and says `told` of them afterwards.
Source: Twilio, Verify v2, "Webhooks"; docs/why/verify.md.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.verify_event import VerifyEvent
from ringfence.ports.keys import Caller


class TellingRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event that one webhook is to be told, at rest. `sid` (EV…) is what its outbox entry is of.

    `subject` is the sid of the challenge, else of the factor. `content` is a sealed `domain.verify_event.VerifyEvent`
    of epoch `epoch`.
    """

    account: str
    sid: str
    service: str
    webhook: str
    subject: str
    kind: str
    epoch: int
    content: bytes
    at_ms: int

    def __repr__(self) -> str:
        return f"TellingRow({self.sid}, {self.kind})"


class VerifyEvents(Protocol):
    """Where events are said. KeyRefusedError and ConnectionError, of the key service that seals them."""

    async def tellings(self, caller: Caller, event: VerifyEvent) -> Sequence[TellingRow]:
        """A sealed row for each webhook that wants it, not yet written; none where nobody does."""

    def told(self, rows: Sequence[TellingRow]) -> None:
        """They are written: ring whoever tells them."""


class TellingStore(Protocol):
    """What is to be told, and was."""

    async def add_tellings(self, rows: Sequence[TellingRow]) -> None:
        """Write all of them, each with its outbox entry. One that is there already is left as it is."""

    async def tellings_of(self, keys: Sequence[tuple[str, str]]) -> list[TellingRow | None]:
        """One answer for each (account, sid), in order."""

    async def tellings(self, account: str, subject: str) -> list[TellingRow]:
        """What was told of a factor or a challenge, in the order it happened."""
