"""Remember for a while what a source told of a number, where that lasts: whose line it is, and what kind.

What may change between two lookups, a SIM or a risk, is asked each time, and so is what a source did not know.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.lookups.packages import Packages
from ringfence.ports.lookups import NumberIntelligence, Question

DAY_MS = 86_400_000
LASTING_MS = {"line_type_intelligence": DAY_MS, "caller_name": DAY_MS}
KEPT = 10_000

_Place = tuple[str, str]


class Remembering:
    """Implements `ports.lookups.NumberIntelligence` over another one. Of many answers those go that are used least."""

    def __init__(
        self,
        source: NumberIntelligence,
        clock: Clock,
        *,
        lasting_ms: Mapping[str, int] = LASTING_MS,
        kept: int = KEPT,
    ) -> None:
        """`lasting_ms` says for how long each field is remembered; a field that is not in it is not."""
        self._source = source
        self._clock = clock
        self._lasting_ms = lasting_ms
        self._kept = kept
        self._known: OrderedDict[_Place, tuple[int, msgspec.Struct]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Remembering({len(self._known)})"

    async def know(self, question: Question) -> Packages:
        now_ms = self._clock.monotonic_ms()
        remembered = {
            field: known for field in question.fields if (known := self._find(question.number, field, now_ms))
        }
        left = tuple(field for field in question.fields if field not in remembered)
        if not left:
            return Packages(**_any(remembered))
        told = await self._source.know(msgspec.structs.replace(question, fields=left))
        for field in left:
            self._keep(question.number, field, getattr(told, field), now_ms)
        return msgspec.structs.replace(told, **_any(remembered))

    def _find(self, number: str, field: str, now_ms: int) -> msgspec.Struct | None:
        found = self._known.get((number, field))
        if found is None:
            return None
        until_ms, package = found
        if until_ms <= now_ms:
            del self._known[number, field]
            return None
        self._known.move_to_end((number, field))
        return package

    def _keep(self, number: str, field: str, package: Any, now_ms: int) -> None:
        if package is None or package.error_code is not None or field not in self._lasting_ms:
            return
        self._known[number, field] = now_ms + self._lasting_ms[field], package
        while len(self._known) > self._kept:
            self._known.popitem(last=False)


def _any(packages: Mapping[str, msgspec.Struct]) -> dict[str, Any]:
    return dict(packages)
