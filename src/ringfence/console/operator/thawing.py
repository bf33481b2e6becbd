"""Letting what was frozen go on."""

from collections.abc import Sequence
from typing import Final, cast

import msgspec

from ringfence.console.lockout import Lockout, kept_out
from ringfence.console.operator.two_person_acts import OVERTAKEN, Standing
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.ports.freezes import FreezeKind, FreezeStore
from ringfence.usecases.access.freeze import thaw

STAFF: Final = "staff"
ACCOUNT: Final = "account"


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands still. `name` is a SID, a member's ID or `platform`."""

    kind: str
    name: str
    since_ms: int

    @property
    def target(self) -> str:
        """As requests name it."""
        return f"{self.kind}:{self.name}"


class Thawing:
    """`two_person_acts.Deed` of what is frozen, by its target."""

    def __init__(self, storage: ConsoleStorage, store: FreezeStore, lockout: Lockout, clock: Clock) -> None:
        self._storage = storage
        self._store = store
        self._lockout = lockout
        self._clock = clock

    async def frozen(self) -> Sequence[Frozen]:
        """All that is, by kind and name."""
        found: list[tuple[str, str, int]] = [(row.kind, row.name, row.at_ms) for row in await self._store.freezes()]
        found += [(STAFF, person, at_ms) for person, at_ms in await self._storage.run(kept_out)]
        return [Frozen(kind=kind, name=name, since_ms=at_ms) for kind, name, at_ms in sorted(found)]

    async def find(self, target: str, value: str) -> Standing:
        """It stands still since then: what was frozen anew is another freeze."""
        for each in await self.frozen():
            if each.target == target:
                return Standing(stands=str(each.since_ms), account=each.name if each.kind == ACCOUNT else "")
        raise RefusedError("that is not frozen", status=404)

    async def do(self, target: str, value: str, stands: str, by: Session) -> None:
        """It goes on, where it is that freeze still."""
        kind, _, name = target.partition(":")
        if kind == STAFF:
            ended = await self._lockout.thaw_staff(name, int(stands))
        else:
            ended = await thaw(self._store, self._clock, cast(FreezeKind, kind), name, since_ms=int(stands))
        if not ended:
            raise RefusedError(OVERTAKEN)
