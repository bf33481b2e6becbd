"""What the installation is set up to do: its carriers, what they are for, and its bounds."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from ringfence.ports.operations import CarrierKind
from ringfence.ports.witnesses import WitnessState


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A carrier, and the beginnings of the numbers that it is for: none stands for all.

    `host` is "" for one in-house.
    """

    name: str
    kind: CarrierKind
    host: str = ""
    beginnings: Sequence[str] = ()


class Disk(msgspec.Struct, frozen=True):
    """Bytes of the disk that the data folder is on."""

    whole: int
    left: int


def _no_disk() -> Disk:
    return Disk(0, 0)


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """Rates are texts a second, `calls_at_once` calls of one account.

    `ways` are in the order in which they are tried. `witnesses` tells how it stands with each, by name. `policies` are
    those of staff that are in force, as `policy_files.PolicyFolder` has their digests; none where there are none.
    """

    policies: Sequence[str] = ()

    ways: Sequence[Way] = ()
    number_rate_mps: float = 0.0
    account_rate_mps: float = 0.0
    calls_at_once: int = 0
    disk: Callable[[], Disk] = _no_disk
    witnesses: Callable[[], Mapping[str, WitnessState]] = dict

    @property
    def pausable(self) -> Sequence[str]:
        """Carriers that two of staff may pause: all."""
        return [way.name for way in self.ways]
