"""What a declared duty to retain metadata has kept, and what everybody may know of the duties that there are."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.retention.facts import Field


class RetainedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One part (`domain.sealing.retained`) of what is kept of a record, sealed; it outlives the record itself.

    `duty` and `epoch` say which key opens it; it has to be gone at `until_ms`, Unix milliseconds.
    """

    account: str
    sid: str
    part: int
    duty: int
    epoch: int
    until_ms: int
    sealed: bytes


class RetainedStore(Protocol):
    """What is kept. It is written by the store's moves that accept or end a record, in their transaction."""

    async def retained(
        self,
        account: str,
        duty: int,
        first_epoch: int,
        last_epoch: int,
        *,
        after: tuple[str, int] = ("", 0),
        limit: int = 1_000,
    ) -> list[RetainedRow]:
        """What a duty kept of these epochs, both included, in the order of (sid, part), from behind `after` on."""

    async def erase_retained(self, now_ms: int, limit: int) -> int:
        """Erase up to `limit` rows whose `until_ms` has come; how many. Again goes on."""


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A duty as every tenant may see it: what is named, for how many days, on what basis, and whose two keys open it.

    `officers` are their names. It stands while `ended_ms` is None; once `erased` nothing it kept opens any more.
    Times in Unix milliseconds.
    """

    number: int
    fields: tuple[Field, ...]
    days: int
    basis: str
    officers: tuple[str, ...]
    declared_ms: int
    ended_ms: int | None = None
    erased: bool = False


class Duties(Protocol):
    """For the API and the console: no secret crosses it. ConnectionError where the key service is away."""

    async def duties(self) -> Sequence[Duty]:
        """All that were ever declared, the newest first; at most the first of them stands."""
