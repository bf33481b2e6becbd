"""Freezes: what an operator has stopped for now, and may let go on again."""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

import msgspec

FreezeKind = Literal["account", "key", "carrier", "platform"]
PLATFORM: Final = "platform"
ENDED_AT_ONCE: Final = 100


class FreezeRow(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is an account's or credential's SID, a carrier's name, or `platform`.

    `was` is the status that an account had before, as the store found it.
    """

    kind: FreezeKind
    name: str
    was: str = ""
    at_ms: int


class EndedFreeze(msgspec.Struct, frozen=True, kw_only=True):
    """A freeze of an account, a key or the platform that has ended, of which those whom it stopped are to be told."""

    kind: FreezeKind
    name: str
    at_ms: int
    ended_ms: int


class FrozenError(Exception):
    """Nothing may be sent for now: it waits, and does not fail."""

    def __init__(self) -> None:
        super().__init__("frozen")


class FreezeStore(Protocol):
    """Few are frozen at any time. Many may have ended: who stops and lets go on does so as often as they like."""

    async def put_freeze(self, row: FreezeRow) -> bool:
        """False where it is frozen already: that freeze stays as it is.

        An account is suspended in the same transaction, unless it is closed.
        """

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None, *, now_ms: int = 0) -> bool:
        """False where it was not frozen, or not at that time: a later freeze is another.

        In the same transaction an account has the status of before, changed at `now_ms`, unless it was closed, and what
        ended, but for a carrier's, is kept as ended then.
        """

    async def freezes(self) -> Sequence[FreezeRow]:
        """All of them, by kind and name."""

    async def ended_freezes(self, *, limit: int = ENDED_AT_ONCE) -> Sequence[EndedFreeze]:
        """The first of those that ended and are not forgotten, in the order in which they ended."""

    async def forget_ended(self, rows: Sequence[EndedFreeze]) -> None:
        """Those whom they stopped were told. What is not there is no error."""


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """What stands still: everything, or these accounts, the subaccounts of frozen ones among them."""

    everything: bool = False
    accounts: frozenset[str] = frozenset()

    def stops(self, account: str) -> bool:
        """Whether nothing may happen for this account now."""
        return self.everything or account in self.accounts


class Halts(Protocol):
    """What stands still, for whoever works while nobody is signed in."""

    async def now(self) -> Halt:
        """As it was half a second ago, at most. StoreFailedError: nobody may go on on what is not known."""

    async def fresh(self) -> Halt:
        """As a reading finds it that begins after this was called, and not before. StoreFailedError as `now`."""


def is_platform_frozen(freezes: Sequence[FreezeRow]) -> bool:
    """Whether everything stands still."""
    return any(row.kind == PLATFORM for row in freezes)


def is_frozen(freezes: Sequence[FreezeRow], kind: FreezeKind, *names: str | None) -> bool:
    """Whether one of the names is frozen, or everything is."""
    return any(row.kind == PLATFORM or (row.kind == kind and row.name in names) for row in freezes)
