"""Witnesses of the ledger: who cosigns its checkpoints from outside, and how it stands with each."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from ringfence.domain.ledger.note import Verifier


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """Where checkpoints are submitted, `url` without a slash at its end, and whose cosignature is expected."""

    url: str
    verifier: Verifier

    @property
    def name(self) -> str:
        return self.verifier.name


class WitnessState(msgspec.Struct, frozen=True, kw_only=True):
    """What a witness cosigned last: so many entries, when, in which checkpoint; and why it does not now, "" if it does.

    `since_ms` is since when it does not. It `refuses` what it knows otherwise, and is `estranged` where it does
    not take the ledger for one of its own. Times are Unix milliseconds.
    """

    size: int = 0
    at_ms: int = 0
    checkpoint: str = ""
    trouble: str = ""
    refuses: bool = False
    estranged: bool = False
    since_ms: int = 0


class WitnessStates(Protocol):
    """Kept over restarts."""

    def read(self) -> Mapping[str, WitnessState]:
        """By the witness's name."""

    def put(self, name: str, state: WitnessState) -> None:
        """OSError where it cannot be kept."""


class Checkpoints(Protocol):
    """What of `ports.ledger.OwnRecords` a witness is shown, and where its answer is kept. ConnectionError."""

    async def checkpoint(self) -> str: ...

    async def consistency(self, old_size: int, size: int) -> Sequence[bytes]: ...

    async def keep_cosigned(self, note: str) -> None:
        """Keep a checkpoint of the ledger that a witness signed, for whoever asks. ValueError for what is none."""
