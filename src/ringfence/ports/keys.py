"""The key service as its clients see it. Who may call what is decided by the socket they come through.

Source: docs/why/keys.md. No secret of a credential crosses this port: the API derives the slot seed from it.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.sealing.retained import START, EpochRetention, RecordRetention


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that a tenant is present: the account that signed in, its credential, and that credential's slot seed.

    `seed` is 32 bytes, HKDF-SHA256(secret, salt=credential, info="ringfence/slot/v1"): the private half of the slot,
    of X25519 or of the hybrid, as the account is sealed. `account` is the account the credential belongs to; it may
    open its subaccounts' content too.
    """

    account: str
    credential: str
    seed: bytes

    def __repr__(self) -> str:
        return f"Caller({self.account}, {self.credential})"


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A way to open a tenant's content key; `public` is the public half of `Caller.seed`.

    `hybrid` is the public half for an account that is sealed by the hybrid with ML-KEM; b"" for a slot of none such.
    The key service keeps the one that the account needs, and never both.
    """

    credential: str
    public: bytes
    hybrid: bytes = b""


class SealingKey(msgspec.Struct, frozen=True, kw_only=True):
    """What seals new records: this hour's epoch key and today's index key. Hold it for 60 s at most.

    `retention` is what a standing duty wants kept of them, None where none was declared.
    """

    epoch: int
    epoch_key: bytes
    index_day: int
    index_key: bytes
    retention: EpochRetention | None = None

    def __repr__(self) -> str:
        return f"SealingKey(epoch={self.epoch})"

    def retention_of(self, sid: str, part: int = START) -> RecordRetention | None:
        """What is wanted of the record `sid`."""
        return None if self.retention is None else self.retention.of(sid, part)


class RecordKey(msgspec.Struct, frozen=True, kw_only=True):
    """One record's own key, for the dispatcher; `index` is the blind index of the remote number that was asked for.

    `retention` as in `SealingKey`, for this record.
    """

    epoch: int
    key: bytes
    index: bytes = b""
    retention: RecordRetention | None = None

    def __repr__(self) -> str:
        return f"RecordKey(epoch={self.epoch})"


class KeyRefusedError(Exception):
    """The key service will not, or can no longer, do this: unknown account, wrong credential, or nothing to open."""


class TenantKeys(Protocol):
    """For the API: every call that opens names a `Caller` and is logged, synced, before it answers.

    Raises KeyRefusedError (a credential that opens nothing) and ConnectionError (the service is away, or cannot write
    its ledger: answer 503).
    """

    async def create_account(self, account: str, slots: Sequence[Slot], parent: str | None = None) -> None:
        """Make an account's content key, sealed to `slots` and to its parent's content key. Again is a no-op."""

    async def add_slot(self, caller: Caller, account: str, slot: Slot) -> None:
        """Seal every content key of `account` that `caller` opens to one more slot.

        Where the credential has a slot already, its secret is being rotated: both open until the new one is first used.
        Then the old one goes, and a new content key begins.
        """

    async def add_sealer(self, caller: Caller, account: str, slot: Slot) -> None:
        """Let a credential of `account` have new records sealed, and open nothing that was: it gets no content key.

        Only what `caller` opens may be lent so; KeyRefusedError otherwise.
        """

    async def copy_slot(self, caller: Caller, account: str, source: str, credential: str) -> None:
        """As `add_slot` for `credential`, with the slot that `source` has: one secret opens under both names.

        KeyRefusedError where `source` has none.
        """

    async def end_former_slot(self, account: str, credential: str) -> None:
        """Where a credential has two slots, drop the former and begin a new content key. Else a no-op.

        Without it the former opens until the newer one is first used.
        """

    async def revoke_slot(self, account: str, credential: str) -> None:
        """Drop a slot and begin a new content key for those that remain. Again is a no-op."""

    async def end_slot_at(self, caller: Caller, account: str, credential: str, ends_ms: int) -> int:
        """Drop an API key's slot at that time, Unix milliseconds, as `revoke_slot` does; 0 takes an end away.

        Its number (`domain.access_fence`) tells it from what members change of that end.

        KeyRefusedError for a caller that does not open `account`, where it has no such key, and for one that has ended.
        """

    async def sealing_key(self, caller: Caller, account: str, sealed: int = 0) -> SealingKey:
        """The keys under which `account`'s next records are sealed.

        `sealed` is how many records the caller sealed under the epoch key it was given last: an epoch takes 2^20.
        """

    async def open_epochs(self, caller: Caller, account: str, epochs: Sequence[int]) -> dict[int, bytes]:
        """Epoch keys by epoch; one that does not exist is absent. ValueError for more than 10,000."""

    async def lend_record(self, caller: Caller, account: str, epoch: int, sid: str) -> None:
        """Let the dispatcher open one record of a past hour again, until it carries its keys to the next day.

        For a tenant that has something told once more. A no-op while the dispatcher opens it anyway.
        """

    async def index_keys(self, caller: Caller, account: str, days: Sequence[int]) -> dict[int, bytes]:
        """Index keys by day (days since 1970), for To/From filters; a day without records is absent.

        ValueError for more than 10,000.
        """

    async def seal_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Seal standing configuration: (record name, value) pairs, in order."""

    async def open_standing_as(self, caller: Caller, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Open standing configuration for the tenant itself: (record name, sealed) pairs, in order."""

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        """16-byte blind indexes for a listed table (`opt_out`), under a key that never leaves the service.

        KeyRefusedError for a table that is not listed.
        """


class DeliveryKeys(Protocol):
    """For the dispatcher: single record keys of what is in flight, never an epoch key."""

    async def seal_record(self, account: str, sid: str, remote: str) -> RecordKey:
        """A key for one new inbound or reply record, with the blind index of its remote number."""

    async def retention_of(self, account: str, sid: str) -> RecordRetention | None:
        """What a standing duty wants kept of the end of a call, which was sealed when it began."""

    async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
        """Record keys for (epoch, sid) pairs in order; None where the dispatcher may no longer open it."""

    async def open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Open standing configuration: (record name, sealed) pairs, in order."""

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        """As `TenantKeys.blind`."""

    async def open_delivery_epochs(self) -> list[tuple[str, int]]:
        """(account, epoch) pairs sealed to the dispatcher that are due to be closed or carried to today's key."""

    async def close_epoch(
        self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str] = ()
    ) -> None:
        """Keep the record keys of `unfinished` and `scheduled` sids, sealed to today's dispatcher key; drop all others.

        An unfinished record's key stays 72 hours at most, a scheduled one's for as long as it is named here.
        ValueError before the epoch is due: 10 minutes after its hour.
        """
