"""Applications in memory."""

from msgspec.structs import replace

from ringfence.ports.applications import ApplicationRow
from ringfence.ports.store import SidTakenError
from ringfence.store.paging import page_of, place_of


class MemoryApplications:
    """`ports.applications.ApplicationStore` over a dictionary."""

    def __init__(self) -> None:
        self._applications: dict[tuple[str, str], ApplicationRow] = {}

    async def create_application(self, row: ApplicationRow) -> None:
        if (row.account, row.sid) in self._applications:
            raise SidTakenError
        self._applications[row.account, row.sid] = row

    async def application(self, account: str, sid: str) -> ApplicationRow | None:
        return self._applications.get((account, sid))

    async def applications(
        self, account: str, *, friendly_name: str | None = None, before: str | None = None, limit: int = 50
    ) -> list[ApplicationRow]:
        found = [
            row
            for row in self._applications.values()
            if row.account == account and friendly_name in (None, row.friendly_name)
        ]
        known = None if before is None else await self.application(account, before)
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of(found, place, limit)

    async def update_application(self, row: ApplicationRow) -> bool:
        known = await self.application(row.account, row.sid)
        if known is None:
            return False
        self._applications[row.account, row.sid] = replace(row, created_ms=known.created_ms)
        return True

    async def delete_application(self, account: str, sid: str) -> bool:
        return self._applications.pop((account, sid), None) is not None
