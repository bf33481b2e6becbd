"""Which processes of an installation answer."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class ProcessState(msgspec.Struct, frozen=True, kw_only=True):
    """A process by its role's name, and whether it answered just now."""

    name: str
    answers: bool


class ProcessStates(Protocol):
    """Looks when it is asked."""

    async def __call__(self) -> Sequence[ProcessState]: ...
