"""What the engine plugs in: SRTP sessions, codecs beside G.711, recorders, and the control of browser legs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ringfence.ports.media import IceEnd, RecordingPlan

Samples = NDArray[np.int16]
Address = tuple[Any, ...]


class Srtp(Protocol):
    """One leg's keys both ways. What cannot be unprotected raises a ValueError of its own kind."""

    def protect(self, rtp: bytes) -> bytes: ...

    def unprotect(self, packet: bytes) -> bytes: ...

    def protect_rtcp(self, rtcp: bytes) -> bytes: ...

    def unprotect_rtcp(self, packet: bytes) -> bytes: ...


SrtpFactory = Callable[[str, bytes, bytes], Srtp]
"""From (suite, key we send under, key we receive under)."""


class Codec(Protocol):
    """One leg's coder and decoder, with their state, at 8,000 samples a second. It makes packets of 20 ms."""

    def encode(self, pcm: Samples) -> bytes: ...

    def decode(self, payload: bytes) -> Samples:
        """What a packet holds, whole 10 ms of it."""

    def length_ms(self, payload: bytes) -> int:
        """How much a packet holds, in whole 10 ms up to 120."""

    def lost(self) -> Samples: ...


Codecs = Mapping[str, Callable[[], Codec]]
"""By encoding name in capitals, without G.711."""

RecordingCause = Literal["stopped", "length", "silence", "closed", "failed"]


class Recorder(Protocol):
    """Writes the sound of many legs. Whatever begins ends once, told to the engine by its callback."""

    def begin(self, plan: RecordingPlan, path: Path) -> int:
        """Begin a file: the slot under which its sound comes. OSError."""

    def tick(self, slots: NDArray[np.int64], inbound: Samples, outbound: Samples) -> None:
        """20 ms of each slot, a row each."""

    def pause(self, slot: int, silence: bool) -> None: ...

    def resume(self, slot: int) -> None: ...

    def stop(self, slot: int, cause: RecordingCause) -> None: ...


class LegWire(Protocol):
    """What a browser leg's control may do with its leg."""

    name: str
    address: str
    port: int

    def send_raw(self, data: bytes, address: Address) -> None:
        """Send a datagram that is no RTP. What the kernel refuses is dropped."""

    def set_remote(self, address: Address | None) -> None:
        """Media goes there and is taken from there only, after an authenticated check; None: from and to nobody."""

    def set_srtp(self, session: Srtp) -> None:
        """The handshake is done: packets are protected from now on."""

    def fail(self, cause: str) -> None:
        """The leg cannot have media any more."""


class Control(Protocol):
    """ICE and DTLS of one browser leg. Not called again after `close`."""

    def local(self, public: str = "") -> IceEnd:
        """Our end, for the description."""

    def connect(self, remote: IceEnd, own: IceEnd | None = None) -> None:
        """The other end's, each time a description of it came; `own` is ours as it was described with it."""

    def datagram(self, data: bytes, address: Address) -> None:
        """A packet that is neither RTP nor RTCP (RFC 7983)."""

    def close(self) -> None: ...


WebrtcFactory = Callable[[LegWire], Control]
