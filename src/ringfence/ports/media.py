"""Media workers as whoever runs calls sees them: legs that are opened, played to, joined, recorded and closed.

A leg's name is its call's SID. Sound is 16-bit little-endian mono at 8,000 samples a second. Nothing here decides
anything: keys that were pressed, sounds that ended and legs that failed come back as events.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from ringfence.domain.media_ends import IceEnd as IceEnd
from ringfence.domain.media_ends import LocalEnd as LocalEnd
from ringfence.domain.media_ends import RemoteEnd as RemoteEnd
from ringfence.domain.media_ends import Transport as Transport

SAMPLE_RATE_HZ = 8_000


class Clip(msgspec.Struct, frozen=True, tag="clip"):
    """A sound that was kept under this name."""

    name: str


class Keys(msgspec.Struct, frozen=True, tag="keys"):
    """Keys as tones: 0–9, *, #, A–D, and `w` for half a second of silence."""

    digits: str

    def __repr__(self) -> str:
        return "Keys(…)"


class Tone(msgspec.Struct, frozen=True, tag="tone"):
    """A tone by its use (ringback, busy, beep), as the country (ISO 3166, lower case) has it; it ends by itself."""

    use: Literal["ringback", "busy", "beep"]
    country: str = "us"


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """Nothing, for so long."""

    length_ms: int


Piece = Clip | Keys | Tone | Silence


class RecordingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A recording to make: sealed under `key`, the record key of `sid`, as it is written.

    `tracks`: inbound is what the leg's peer says, outbound what it hears, both is the two. `channels` 2 keeps both
    apart, inbound first. It ends at `max_length_s`, after `silence_timeout_s` without sound (None: never), or when it
    is stopped. `trim` takes silence away at its beginning and end.
    """

    account: str
    sid: str
    key: bytes
    channels: Literal[1, 2] = 1
    tracks: Literal["inbound", "outbound", "both"] = "both"
    max_length_s: int = 14_400
    silence_timeout_s: int | None = None
    trim: bool = False

    def __repr__(self) -> str:
        return f"RecordingPlan({self.sid})"


class LegStats(msgspec.Struct, frozen=True, kw_only=True):
    """How a leg's media fared. `mos` is estimated from loss, jitter and delay, 0 where there was no media."""

    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    packets_late: int = 0
    packets_refused: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    mos: float = 0.0
    encoding: str = ""


class SoundEnded(msgspec.Struct, frozen=True, tag="sound_ended"):
    """What was played under this token has been sent to its end, as often as was asked."""

    leg: str
    token: int


class KeyPressed(msgspec.Struct, frozen=True, tag="key_pressed"):
    """The leg's peer pressed a key: one of 0–9, *, # and A–D."""

    leg: str
    key: str

    def __repr__(self) -> str:
        return f"KeyPressed({self.leg})"


class RecordingEnded(msgspec.Struct, frozen=True, kw_only=True, tag="recording_ended"):
    """A recording is complete and on disk, or failed: `cause` is stopped, length, silence, closed or failed.

    `duration_ms` counts what can be heard, after trimming.
    """

    leg: str
    sid: str
    duration_ms: int
    cause: Literal["stopped", "length", "silence", "closed", "failed"]


class LegConnected(msgspec.Struct, frozen=True, tag="leg_connected"):
    """The first packet that is really the peer's has come (after ICE and DTLS where there are any)."""

    leg: str


class LegFailed(msgspec.Struct, frozen=True, tag="leg_failed"):
    """The leg has no media any more: its worker died, its handshake failed, or nothing came for a minute."""

    leg: str
    cause: str


MediaEvent = SoundEnded | KeyPressed | RecordingEnded | LegConnected | LegFailed


class MediaListener(Protocol):
    """Who is told what happens on legs."""

    def happened(self, event: MediaEvent) -> None:
        """Take an event; must not block or raise."""


class MediaFullError(Exception):
    """No worker takes another leg now."""


class UnknownSoundError(Exception):
    """A clip that is to be played is not kept (any more): keep it again."""


class Media(Protocol):
    """One worker, or several behind one face. ConnectionError where the leg's worker is away.

    What is said of a leg that is not there is a no-op: a leg may have ended just before.
    """

    async def open(self, leg: str, transport: Transport, *, beside: str = "") -> LocalEnd:
        """Begin a leg, in the worker of `beside` where that is given. MediaFullError."""

    async def connect(self, leg: str, remote: RemoteEnd) -> None:
        """Begin to send and receive as agreed; again after each change of the session."""

    async def close(self, leg: str) -> LegStats | None:
        """End a leg, with its sounds, its bridge and its recordings (which end as `closed`)."""

    async def keep(self, name: str, sound: bytes) -> None:
        """Keep a sound under a name, in memory, for every leg to play; the least used go when room is short."""

    async def play(self, leg: str, token: int, pieces: Sequence[Piece], *, loop: int = 1) -> None:
        """Play pieces one after the other, `loop` times (0: until stopped), instead of what plays now.

        SoundEnded follows unless it is stopped or replaced. UnknownSoundError for a clip that is not kept.
        """

    async def stop_playing(self, leg: str) -> None:
        """Be quiet at once."""

    async def press(self, leg: str, digits: str) -> None:
        """Send keys to the peer: as RFC 4733 events where it takes them, else as tones; `w` waits half a second."""

    async def bridge(self, leg: str, other: str) -> None:
        """Let two legs hear each other, from now until one is closed or unbridged. Both are in one worker."""

    async def unbridge(self, leg: str) -> None: ...

    async def record(self, leg: str, plan: RecordingPlan) -> None:
        """Begin a recording; a leg may have several. RecordingEnded follows once, always."""

    async def pause_recording(self, leg: str, sid: str, *, silence: bool) -> None:
        """Record nothing until it is resumed: with `silence`, as silence, else left out."""

    async def resume_recording(self, leg: str, sid: str) -> None: ...

    async def stop_recording(self, leg: str, sid: str) -> None: ...

    async def stats(self, leg: str) -> LegStats | None:
        """How the leg fares so far."""
