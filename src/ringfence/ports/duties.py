"""A duty as the operator's command handles it: declared, ended, and what it kept opened for two officers."""

from collections.abc import Sequence
from typing import Final, Protocol

from ringfence.domain.retention.declaration import Declaration
from ringfence.domain.retention.opening import Request
from ringfence.ports.retention import Duty

BOXES_AT_ONCE: Final = 4_096


class DutyKeys(Protocol):
    """At the operator's socket. ConnectionError where the key service is away or cannot write its ledger.

    ValueError, which says why, for what may not be; KeyRefusedError where there is no such thing.
    """

    async def duties(self) -> Sequence[Duty]:
        """As `ports.retention.Duties`."""

    async def declare_duty(self, declaration: Declaration) -> int:
        """Declare one, which takes the place of the one that stands; its number. Every tenant's ledger has it first.

        After a ConnectionError the key service goes on by itself, once it can.
        """

    async def end_duty(self, erase: bool) -> Duty:
        """Keep nothing more. With `erase`, what was kept under any duty opens for nobody from now on.

        KeyRefusedError where none stands, and with `erase` where nothing was kept either.
        """

    async def declaration(self, duty: int) -> Declaration:
        """What was declared, with the officers' halves. KeyRefusedError."""

    async def open_duty(
        self, request: Request, signatures: Sequence[tuple[str, bytes]], after: int
    ) -> list[tuple[int, bytes]]:
        """(epoch, retained key sealed to the duty) of what is asked for, those after epoch `after`.

        An epoch has one more for each restart of the key service within it.

        Fewer than `BOXES_AT_ONCE` are the last. The tenant's ledger has it before, with both officers' names.
        """
