"""Whether the trunks of a voice process answer, and since when."""

from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.ports.operations import CarrierState
from ringfence.roles.settings import Settings


class TrunkStates:
    """A trunk that was not asked yet counts as up, as for the lines."""

    def __init__(self, settings: Settings, clock: Clock, owner: str) -> None:
        self._clock = clock
        self._owner = owner
        self._states = {trunk.name: (True, clock.now_ms()) for trunk in settings.trunk}

    def heard(self, name: str, up: bool) -> None:
        """A trunk answered, or did not."""
        if self._states[name][0] is not up:
            self._states[name] = (up, self._clock.now_ms())

    def states(self) -> Sequence[CarrierState]:
        """All that are set up."""
        now_ms = self._clock.now_ms()
        return [
            CarrierState(name=name, owner=self._owner, kind="calls", up=up, since_ms=since_ms, told_ms=now_ms)
            for name, (up, since_ms) in self._states.items()
        ]
