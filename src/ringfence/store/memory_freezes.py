"""Freezes, in memory."""

from collections.abc import Sequence

from ringfence.ports.freezes import FreezeKind, FreezeRow


class MemoryFreezes:
    """`ports.freezes.FreezeStore` over a dictionary."""

    def __init__(self) -> None:
        self._freezes: dict[tuple[FreezeKind, str], FreezeRow] = {}

    async def put_freeze(self, row: FreezeRow) -> bool:
        known = len(self._freezes)
        self._freezes.setdefault((row.kind, row.name), row)
        return len(self._freezes) > known

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None) -> bool:
        found = self._freezes.get((kind, name))
        if found is None or at_ms not in (None, found.at_ms):
            return False
        del self._freezes[kind, name]
        return True

    async def freezes(self) -> Sequence[FreezeRow]:
        return [row for _, row in sorted(self._freezes.items())]
