"""What a grant covers: chosen records, or whole hours that have ended. Never both, never "everything"."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.sealing.epoch import ended_ms
from ringfence.domain.sid import is_sid

RECORDS_MAX = 5_000
EPOCHS_MAX = 744
"""The hours of 31 days."""
EPOCH_DIGITS = 15
RECORD_KINDS: Final = {"SM": "text", "MM": "text", "CA": "call", "RE": "recording"}
"""What a record is, by how its SID begins. A key of nothing else is granted."""
_EPOCH = "epoch:"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """`records` are SIDs, `epochs` numbers of hours (`domain.sealing.epoch`). One of the two is empty."""

    records: tuple[str, ...] = ()
    epochs: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What is sealed for the asker, one name a key: SIDs, or `epoch:<number>`."""
        return self.records or tuple(epoch_name(epoch) for epoch in self.epochs)

    @property
    def hours(self) -> tuple[int, ...]:
        """Those it covers whole, as hours since 1970, each once and in order."""
        return tuple(sorted({epoch >> 8 for epoch in self.epochs}))

    @property
    def digest(self) -> str:
        """SHA-256 in hex of the names, a line each, in order: what both sides see that they mean the same."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()


def is_call(sid: str) -> bool:
    """Whether a record's SID is a call's."""
    return is_sid(sid, "CA")


def is_recording(sid: str) -> bool:
    """Whether a record's SID is a recording's."""
    return is_sid(sid, "RE")


def epoch_name(epoch: int) -> str:
    """The name of an hour's key among a grant's."""
    return f"{_EPOCH}{epoch}"


def epoch_of(name: str) -> int | None:
    """The inverse; None for any other name."""
    number = name.removeprefix(_EPOCH)
    if number == name or len(number) > EPOCH_DIGITS or not number.isdecimal() or not number.isascii():
        return None
    return int(number) if str(int(number)) == number else None


def may_be_granted(name: str) -> bool:
    """Whether it names a key that may be granted: that of a text with a code may not, whoever once granted it."""
    return epoch_of(name) is not None or _is_record(name)


def _is_record(sid: str) -> bool:
    return is_sid(sid) and sid[:2] in RECORD_KINDS


def scope_of(names: Sequence[str]) -> Scope:
    """The scope that has those names; with another in it, one that `check_scope` refuses."""
    epochs = [epoch_of(name) for name in names]
    return Scope(
        records=tuple(name for name, epoch in zip(names, epochs, strict=True) if epoch is None),
        epochs=tuple(epoch for epoch in epochs if epoch is not None),
    )


def check_scope(scope: Scope, now_ms: int) -> None:
    """AccessRefusedError for what nobody may ask for: nothing, both, too much, something twice, an hour that goes on.

    An hour that has not ended would open what its tenant has yet to send.
    """
    names = scope.names
    bound = RECORDS_MAX if scope.records else EPOCHS_MAX
    if bool(scope.records) == bool(scope.epochs) or len(names) > bound or len(set(names)) != len(names):
        raise AccessRefusedError(Refusal.SCOPE)
    if not all(map(_is_record, scope.records)):
        raise AccessRefusedError(Refusal.SCOPE)
    if any(epoch < 0 or ended_ms(epoch) > now_ms for epoch in scope.epochs):
        raise AccessRefusedError(Refusal.EPOCH_OPEN)
