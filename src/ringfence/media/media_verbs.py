"""What is said between a media worker and whoever uses it: the names of verbs, and how events travel."""

import msgspec

from ringfence.ports.media import MediaEvent

BEGIN = "begin"
EVENTS = "events"
OPEN = "open"
CONNECT = "connect"
CLOSE = "close"
KEEP = "keep"
PLAY = "play"
STOP_PLAYING = "stop_playing"
PRESS = "press"
BRIDGE = "bridge"
UNBRIDGE = "unbridge"
RECORD = "record"
PAUSE_RECORDING = "pause_recording"
RESUME_RECORDING = "resume_recording"
STOP_RECORDING = "stop_recording"
STATS = "stats"

# A sound travels in parts, none of which keeps a worker from its beat.
PART_BYTES = 256 << 10
MAX_WAIT_MS = 5_000


class Begun(msgspec.Struct, frozen=True):
    """A session with a worker: `boot` names its process, `last` is the number of the newest event that is known."""

    boot: str
    session: str
    last: int = 0


class Happened(msgspec.Struct, frozen=True):
    """Events after the ones that were asked for: `last` is the number of the newest, to be asked with the next time."""

    last: int
    events: list[MediaEvent]

    def __repr__(self) -> str:
        return f"Happened({len(self.events)} events)"
