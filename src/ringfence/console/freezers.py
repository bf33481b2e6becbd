"""Who froze an account, as its ledger says it: whoever it was is written down there before it happens."""

from typing import Final, Protocol

from ringfence.ports.freezes import FreezeRow
from ringfence.ports.ledger import ProvenEntries

FROZE: Final = "note.freeze"
# A frozen account does little that is written down: the entry is among its last ones.
LOOKED_AT: Final = 200
_KNOWN_MAX: Final = 100


class LastEntries(Protocol):
    """The part of `ports.ledger.OwnRecords` that this needs."""

    async def latest_for(self, account: str, before: int | None, limit: int) -> ProvenEntries: ...


class Freezers:
    """Looked for once each: that does not change while a freeze lasts."""

    def __init__(self, records: LastEntries) -> None:
        self._records = records
        self._known: dict[FreezeRow, str] = {}

    async def who(self, row: FreezeRow) -> str:
        """The actor of an account's freeze, "" where the ledger does not say it, or cannot be read now."""
        if row not in self._known:
            actor = await self._found(row)
            # It may come under the next checkpoint.
            if not actor:
                return ""
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known[row] = actor
        return self._known[row]

    async def _found(self, row: FreezeRow) -> str:
        try:
            last = await self._records.latest_for(row.name, None, LOOKED_AT)
        except ConnectionError:
            return ""
        made = (each.entry for each in reversed(last.entries) if each.entry.at_ms <= row.at_ms)
        target = f"{row.kind}:{row.name}"
        return next((each.actor for each in made if each.verb == FROZE and each.scope[:1] == (target,)), "")
