"""Messaging Services in memory, beside the numbers that are in their pools."""

from msgspec.structs import replace

from ringfence.ports.messaging_services import PooledError, PoolFullError, PoolRow, ServiceRow
from ringfence.ports.store import NumberRow, SidTakenError
from ringfence.store.memory_numbers import MemoryNumbers
from ringfence.store.paging import page_of, place_of

Key = tuple[str, str]


class MemoryServices(MemoryNumbers):
    """`ports.messaging_services.ServiceStore` over dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._services: dict[Key, ServiceRow] = {}
        # By account and number: the service, and when the number was added.
        self._pooled: dict[Key, tuple[str, int]] = {}
        self._sticky: dict[tuple[str, str, bytes], str] = {}

    async def release_number(self, account: str, sid: str, *, rests_until_ms: int = 0) -> bool:
        self._unpool(account, sid)
        return await super().release_number(account, sid, rests_until_ms=rests_until_ms)

    async def create_service(self, row: ServiceRow) -> None:
        if (row.account, row.sid) in self._services:
            raise SidTakenError
        self._services[row.account, row.sid] = row

    async def service(self, account: str, sid: str) -> ServiceRow | None:
        return self._services.get((account, sid))

    async def services(self, account: str, *, before: str | None = None, limit: int = 50) -> list[ServiceRow]:
        found = [row for row in self._services.values() if row.account == account]
        known = None if before is None else await self.service(account, before)
        place = None if before is None else place_of(before, None if known is None else known.created_ms)
        return page_of(found, place, limit)

    async def update_service(self, row: ServiceRow) -> bool:
        known = await self.service(row.account, row.sid)
        if known is None:
            return False
        self._services[row.account, row.sid] = replace(row, created_ms=known.created_ms)
        return True

    async def delete_service(self, account: str, sid: str) -> bool:
        for owner, number_sid in [key for key, pooled in self._pooled.items() if pooled[0] == sid]:
            if owner == account:
                self._unpool(account, number_sid)
        return self._services.pop((account, sid), None) is not None

    async def add_to_pool(self, account: str, service: str, number_sid: str, at_ms: int, limit: int) -> bool:
        if (account, service) not in self._services or await self.number(account, number_sid) is None:
            return False
        if (pooled := self._pooled.get((account, number_sid))) is not None:
            raise PooledError(pooled[0])
        if len(await self.pool(account, service, limit=limit)) >= limit:
            raise PoolFullError
        self._pooled[account, number_sid] = (service, at_ms)
        return True

    async def remove_from_pool(self, account: str, service: str, number_sid: str) -> bool:
        if self._pooled.get((account, number_sid), ("", 0))[0] != service:
            return False
        self._unpool(account, number_sid)
        return True

    async def pool(self, account: str, service: str, *, before: str | None = None, limit: int = 50) -> list[PoolRow]:
        found = [
            _pool_row(row, *pooled)
            for row in self._numbers.values()
            if row.account == account and (pooled := self._pooled.get((account, row.sid), ("", 0)))[0] == service
        ]
        added_ms = None if before is None else self._pooled.get((account, before), ("", None))[1]
        return page_of(found, None if before is None else place_of(before, added_ms), limit)

    async def pooled(self, account: str, service: str, number_sid: str) -> PoolRow | None:
        row = await self.number(account, number_sid)
        pooled = self._pooled.get((account, number_sid))
        return None if row is None or pooled is None or pooled[0] != service else _pool_row(row, *pooled)

    async def service_of(self, account: str, number_sid: str) -> ServiceRow | None:
        pooled = self._pooled.get((account, number_sid))
        return None if pooled is None else await self.service(account, pooled[0])

    async def sticky_sender(self, account: str, service: str, recipient: bytes) -> PoolRow | None:
        number_sid = self._sticky.get((account, service, recipient))
        return None if number_sid is None else await self.pooled(account, service, number_sid)

    async def stick(self, account: str, service: str, recipient: bytes, number_sid: str, at_ms: int) -> str:
        if await self.sticky_sender(account, service, recipient) is None:
            self._sticky[account, service, recipient] = number_sid
        return self._sticky[account, service, recipient]

    def _unpool(self, account: str, number_sid: str) -> None:
        self._pooled.pop((account, number_sid), None)
        for key in [key for key, stuck in self._sticky.items() if (key[0], stuck) == (account, number_sid)]:
            del self._sticky[key]


def _pool_row(row: NumberRow, service_sid: str, added_ms: int) -> PoolRow:
    return PoolRow(
        account=row.account,
        service_sid=service_sid,
        sid=row.sid,
        number=row.number,
        region=row.region,
        capabilities=row.capabilities,
        created_ms=added_ms,
    )
