"""The legs of this process by name, so that what a media worker says finds the one it is about."""

from ringfence.ports.media import MediaEvent
from ringfence.usecases.voice.leg import Leg


class Legs:
    """Implements `ports.media.MediaListener`."""

    def __init__(self) -> None:
        self._legs: dict[str, Leg] = {}

    def __len__(self) -> int:
        return len(self._legs)

    def add(self, leg: Leg) -> None:
        """Lead its media's events to it."""
        self._legs[leg.sid] = leg

    def remove(self, leg: Leg) -> None:
        """Its media is closed: nothing more is for it."""
        self._legs.pop(leg.sid, None)

    def happened(self, event: MediaEvent) -> None:
        leg = self._legs.get(event.leg)
        if leg is not None:
            leg.happened(event)
