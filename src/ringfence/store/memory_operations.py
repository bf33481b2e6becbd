"""How an installation runs, in memory, beside the numbers whose rates it has."""

from collections.abc import Sequence

import msgspec

from ringfence.ports.operations import AllowedRate, CarrierState, Incident
from ringfence.store.memory_services import MemoryServices


class MemoryOperations(MemoryServices):
    """`ports.operations.OperationsStore` over dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._carrier_states: dict[tuple[str, str], CarrierState] = {}
        self._incidents: dict[str, Incident] = {}
        self._allowed_rates: dict[tuple[str, str], AllowedRate] = {}

    async def put_carrier_state(self, row: CarrierState) -> None:
        self._carrier_states[row.name, row.owner] = row

    async def carrier_states(self) -> Sequence[CarrierState]:
        return [row for _, row in sorted(self._carrier_states.items())]

    async def begin_incident(self, row: Incident) -> bool:
        if row.ended_ms is None and self._going_on(row.kind, row.what) is not None:
            return False
        return self._incidents.setdefault(row.sid, row) is row

    async def end_incident(self, kind: str, what: str, at_ms: int) -> bool:
        found = self._going_on(kind, what)
        if found is not None:
            self._incidents[found.sid] = msgspec.structs.replace(found, ended_ms=at_ms)
        return found is not None

    async def acknowledge_incident(self, sid: str, by: str, at_ms: int) -> bool:
        found = self._incidents.get(sid)
        if found is None or found.acknowledged_by:
            return False
        self._incidents[sid] = msgspec.structs.replace(found, acknowledged_by=by, acknowledged_ms=at_ms)
        return True

    async def incidents(
        self, *, before: str | None = None, limit: int = 50, going_on: bool = False
    ) -> Sequence[Incident]:
        rows = [
            row
            for sid, row in sorted(self._incidents.items(), reverse=True)
            if (before is None or sid < before) and (row.ended_ms is None or not going_on)
        ]
        return rows[:limit]

    async def put_allowed_rate(self, row: AllowedRate, *, was: AllowedRate | None = None, number: str = "") -> bool:
        owned = self._numbers.get(row.name)
        if self._allowed_rates.get((row.kind, row.name)) != was:
            return False
        if number and (owned is None or owned.sid != number):
            return False
        self._allowed_rates[row.kind, row.name] = row
        return True

    async def allowed_rates(self) -> Sequence[AllowedRate]:
        return [row for _, row in sorted(self._allowed_rates.items())]

    async def release_number(self, account: str, sid: str, *, rests_until_ms: int = 0) -> bool:
        known = await self.number(account, sid)
        if known is not None:
            self._allowed_rates.pop(("number", known.number), None)
        return await super().release_number(account, sid, rests_until_ms=rests_until_ms)

    def _going_on(self, kind: str, what: str) -> Incident | None:
        for row in self._incidents.values():
            if (row.kind, row.what, row.ended_ms) == (kind, what, None):
                return row
        return None
