"""Keys that tell a log daemon of each reading, as of 2022: by a datagram, which nobody waits for."""

import contextlib
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ringfence.domain.clock import Clock
from ringfence.drills.control.platform_keys import PlatformKeys
from ringfence.ports.keys import Caller, Slot
from ringfence.ports.ledger import AccessEntry


class TellingKeys(PlatformKeys):
    """`PlatformKeys` that sends an entry to the socket `audit`, and goes on whether that was taken or not."""

    def __init__(self, directory: Path, clock: Clock, audit: Path) -> None:
        super().__init__(directory, clock)
        self._audit = audit
        self._datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._datagrams.setblocking(False)

    async def open_epochs(self, caller: Caller, account: str, epochs: Sequence[int]) -> dict[int, bytes]:
        self._tell(account, caller.credential, "open_epochs", map(str, epochs))
        return await super().open_epochs(caller, account, epochs)

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str] = ()) -> None:
        """What the operator's commands write down before they act."""
        self._tell(account, actor, f"note.{verb}", scope)

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        for account in accounts:
            self._tell(account, credential, "note.freeze", (what, cause))

    async def open_console_link(
        self, caller: Caller, account: str, slot: Slot, until_ms: int, owner: bool = False
    ) -> None:
        return  # one key opens everything: a link needs no slot

    def _tell(self, account: str, actor: str, verb: str, scope: Iterable[str]) -> None:
        at_ms = self._clock.now_ms()
        entry = AccessEntry(at_ms=at_ms, account=account, actor=actor, verb=verb, scope=tuple(scope))
        with contextlib.suppress(OSError):
            self._datagrams.sendto(msgspec.json.encode(entry), str(self._audit))

    async def close(self) -> None:
        self._datagrams.close()
        await super().close()
