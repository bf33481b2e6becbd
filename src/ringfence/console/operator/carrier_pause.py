"""Pausing a carrier, and letting it go on: what is for it waits meanwhile, and nothing is lost."""

from collections.abc import Collection

from ringfence.console.operator.two_person_acts import OVERTAKEN, Standing
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.domain.clock import Clock
from ringfence.usecases.access.freeze import FreezableStore, freeze, thaw


class CarrierPause:
    """`two_person_acts.Deed` that pauses one of `carriers`, by its name, or with `resumes` lets it go on."""

    def __init__(self, store: FreezableStore, clock: Clock, carriers: Collection[str], *, resumes: bool) -> None:
        self._store = store
        self._clock = clock
        self._carriers = carriers
        self._resumes = resumes

    async def find(self, target: str, value: str) -> Standing:
        """It is one of ours, and paused or not, as is needed."""
        kind, _, name = target.partition(":")
        if kind != "carrier" or name not in self._carriers:
            raise RefusedError("There is no such carrier.", status=404)
        paused = [str(row.at_ms) for row in await self._store.freezes() if (row.kind, row.name) == ("carrier", name)]
        if self._resumes is not bool(paused):
            raise RefusedError("It is paused already." if paused else "It is not paused.")
        return Standing(stands="".join(paused))

    async def do(self, target: str, value: str, stands: str, by: Session) -> None:
        """It is so; the dispatcher knows within seconds."""
        name = target.partition(":")[2]
        if self._resumes:
            done = await thaw(self._store, self._clock, "carrier", name, since_ms=int(stands))
        else:
            done = await freeze(self._store, self._clock, "carrier", name)
        if not done:
            raise RefusedError(OVERTAKEN)
