"""What every call of one voice process shares: the ports it works through, and what is kept for all calls together."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.freezes import Halts
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.line import Lines
from ringfence.ports.media import Media
from ringfence.ports.program import Program
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import CodeReader
from ringfence.ports.wake import Wake
from ringfence.usecases.voice.brakes import Brakes
from ringfence.usecases.voice.kept_ends import KeptEnds
from ringfence.usecases.voice.leg import Leg, LegEvent
from ringfence.usecases.voice.legs import Legs
from ringfence.usecases.voice.recording_links import RecordingLinks
from ringfence.usecases.voice.sounds import Sounds
from ringfence.usecases.voice.step_writer import StepWriter
from ringfence.usecases.voice.written_sound import WrittenSound


class Texts(Protocol):
    """Accepts the texts that a call's document sends: `usecases.messaging` has it."""

    async def send(
        self,
        account: str,
        sender: str,
        to: str,
        body: str,
        media_urls: tuple[str, ...],
        status_callback: str | None,
        sid: str,
    ) -> None:
        """Accept one text durably under `sid`. ApiError where it may not be sent, ConnectionError."""


class Standing(Protocol):
    """Opens standing configuration."""

    async def open(self, account: str, record: str, sealed: bytes) -> bytes:
        """A record's value; KeyRefusedError or ConnectionError from the key service."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """`owner` is the name under which this process runs its calls; `wake` tells dispatchers that callbacks wait.

    `encodings` are spoken, the preferred first. `country` (ISO 3166, lower case) says whose tones are played. With
    `unheld_rings` a number that leads nowhere rings, and nobody answers: so it is with simulated handsets that no
    browser has open. `codes` tells those that calls are to bring; without it none is said.
    """

    store: Store
    keys: DeliveryKeys
    clock: Clock
    lines: Lines
    media: Media
    program: Program
    texts: Texts
    standing: Standing
    wake: Wake
    sounds: Sounds
    legs: Legs
    steps: StepWriter
    brakes: Brakes
    ends: KeptEnds
    halts: Halts
    links: RecordingLinks
    written: WrittenSound
    owner: str
    encodings: tuple[str, ...] = ("PCMU", "PCMA")
    country: str = "us"
    unheld_rings: bool = False
    codes: CodeReader | None = None

    def leg(self, sid: str, tell: Callable[[LegEvent], None]) -> Leg:
        """A new leg, whose media's events find it."""
        leg = Leg(sid, self.lines, self.media, tell, encodings=self.encodings)
        self.legs.add(leg)
        return leg
