"""Whatever holds opened keys for a moment: what is past is let go of also where nobody asks any more."""

from typing import Protocol
from weakref import WeakSet

EVERY_S = 2.0


class Holder(Protocol):
    """Holds keys, or what is made of them, until a time."""

    def forget_expired(self) -> None:
        """Let go of what is past that."""


_holders: WeakSet[Holder] = WeakSet()


def held_briefly(holder: Holder) -> None:
    """Have `forget_expired` reach it while it lives."""
    _holders.add(holder)


def forget_expired() -> None:
    """Let every holder of this process let go of what is past its time."""
    for holder in list(_holders):
        holder.forget_expired()
