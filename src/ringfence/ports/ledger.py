"""Where the key service writes down who opened what, before it lets go of a key; and what of it others may read."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from ringfence.ports.keys import Caller

ENTRIES_AT_ONCE = 1_000
OpenedBy = Literal["actor", "session"]


class AccessEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One opening: `actor` is a credential or `dispatcher`, `scope` names what was opened."""

    at_ms: int
    account: str
    actor: str
    verb: str
    scope: tuple[str, ...] = ()


class Ledger(Protocol):
    """Append-only and synced. OSError means: fail closed."""

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        """Return only when the entries are on disk."""

    def append_later(self, entry: AccessEntry) -> None:
        """Queue a delivery opening in bounded memory; an overflow is itself written as a gap."""


class ProvenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry for the account that it is of, and what shows that it is the tree's `n`th leaf.

    The leaf is SHA-256 of `salt` and `body`; `proof` leads from its hash to the checkpoint's root (RFC 9162, 2.1.3).
    """

    n: int
    entry: AccessEntry
    body: bytes
    salt: bytes
    proof: tuple[bytes, ...]


class ProvenEntries(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of an account under one checkpoint, which is a signed note. "" while there is none."""

    checkpoint: str
    entries: tuple[ProvenEntry, ...]


class LedgerGap(msgspec.Struct, frozen=True, kw_only=True):
    """`count` openings for delivery that the entry `n` stands for: there was no room to write them down one by one.

    They were between `first_ms` and `last_ms` (Unix, milliseconds).
    """

    n: int
    count: int
    first_ms: int
    last_ms: int


class LeaseStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the key service that answers has the folder to itself; `took_over`: from one that died before.

    `stands_by` says whether another waits for its death.
    """

    since_ms: int
    took_over: bool = False
    stands_by: bool = False


class LedgerStanding(msgspec.Struct, frozen=True, kw_only=True):
    """When the last checkpoint was signed, None before the first, and how the lease stands, None without one."""

    signed_ms: int | None = None
    lease: LeaseStanding | None = None


class GapRecords(Protocol):
    """What the ledger says that it does not have."""

    async def gaps(self) -> list[LedgerGap]:
        """The newest, 50 at most, the oldest of them first. ConnectionError."""


class PublicRecords(Protocol):
    """What anybody reads of a ledger, and learns nothing of what was opened. ConnectionError: it cannot be read now."""

    async def checkpoint(self) -> str:
        """The last one, a signed note; "" while there is none."""

    async def verifier(self) -> str:
        """The key that it is signed with, as C2SP's signed-note writes it."""

    async def cosigned(self) -> list[str]:
        """The last checkpoints that witnesses signed, as notes with all their signatures; that of most entries last."""

    async def tile(self, path: str) -> bytes:
        """A tile of the tree, by its path in C2SP's tlog-tiles; b"" where there is none yet, or none as wide."""


class LedgerRecords(PublicRecords, Protocol):
    """What is read of a ledger by anybody, and by an account of itself: its credential proves who it is."""

    async def entries_of(self, caller: Caller, account: str, after: int, limit: int) -> ProvenEntries:
        """An account's entries after the `after`th, the oldest first, `ENTRIES_AT_ONCE` at most. KeyRefusedError."""


class OwnRecords(PublicRecords, GapRecords, Protocol):
    """What the console reads of a ledger: for a member whom it let in, and how it stands, for staff."""

    async def standing(self) -> LedgerStanding:
        """As it is now. ConnectionError."""

    async def entries_for(self, account: str, after: int, limit: int) -> ProvenEntries:
        """As `LedgerRecords.entries_of`, of any account: metadata, as all that the console reads."""

    async def entries_by(self, account: str, by: OpenedBy, name: str, after: int, limit: int) -> ProvenEntries:
        """As `entries_for`, those alone that are of one who opened, or of one session of a console."""

    async def latest_for(self, account: str, before: int | None, limit: int) -> ProvenEntries:
        """The account's newest entries before the `before`th, the oldest first."""

    async def consistency(self, old_size: int, size: int) -> list[bytes]:
        """That the first `old_size` entries of `size` are what they were (RFC 9162, 2.1.4).

        ValueError where the checkpoint has not so many.
        """
