"""What webhooks of Verify are told, in memory."""

from collections.abc import Sequence

from ringfence.ports.outbox import NewEvent
from ringfence.ports.verify_events import TellingRow
from ringfence.store.memory_call_brakes import MemoryCallBrakes


class MemoryTellings(MemoryCallBrakes):
    """`ports.verify_events.TellingStore` over a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._tellings: dict[tuple[str, str], TellingRow] = {}

    async def add_tellings(self, rows: Sequence[TellingRow]) -> None:
        self._append_tellings(rows)

    def _append_tellings(self, rows: Sequence[TellingRow]) -> None:
        for row in rows:
            if (row.account, row.sid) in self._tellings:
                continue
            self._tellings[row.account, row.sid] = row
            self._append_event(row.account, row.sid, event_of(row))

    async def tellings_of(self, keys: Sequence[tuple[str, str]]) -> list[TellingRow | None]:
        return [self._tellings.get(key) for key in keys]

    async def tellings(self, account: str, subject: str) -> list[TellingRow]:
        found = [row for row in self._tellings.values() if (row.account, row.subject) == (account, subject)]
        return sorted(found, key=lambda row: row.sid)

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        told = [
            (row.sid, 0)
            for row in self._tellings.values()
            if (row.account, row.epoch) == (account, epoch) and self._has_pending_event(account, row.sid)
        ]
        return sorted(told + await super().unfinished(account, epoch))


def event_of(row: TellingRow) -> NewEvent:
    """The one outbox entry of a telling."""
    return NewEvent(kind=row.kind, sequence=0, at_ms=row.at_ms)
