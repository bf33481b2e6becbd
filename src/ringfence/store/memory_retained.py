"""What a declared duty has kept, in memory."""

from ringfence.ports.retention import RetainedRow


class MemoryRetained:
    """`ports.retention.RetainedStore` over a dictionary."""

    def __init__(self) -> None:
        self._retained: dict[tuple[str, str, int], RetainedRow] = {}

    async def retained(
        self,
        account: str,
        duty: int,
        first_epoch: int,
        last_epoch: int,
        *,
        after: tuple[str, int] = ("", 0),
        limit: int = 1_000,
    ) -> list[RetainedRow]:
        found = [
            row
            for row in self._retained.values()
            if (row.account, row.duty) == (account, duty)
            and first_epoch <= row.epoch <= last_epoch
            and (row.sid, row.part) > after
        ]
        return sorted(found, key=lambda row: (row.sid, row.part))[:limit]

    async def erase_retained(self, now_ms: int, limit: int) -> int:
        past = sorted(
            (row.until_ms, row.account, row.sid, row.part) for row in self._retained.values() if row.until_ms <= now_ms
        )
        for _, account, sid, part in past[:limit]:
            del self._retained[account, sid, part]
        return len(past[:limit])

    def _retain(self, row: RetainedRow | None) -> None:
        """Keep it, where nothing is kept in its place."""
        if row is not None:
            self._retained.setdefault((row.account, row.sid, row.part), row)
