"""G.722: its lower band, which is all of it that a telephone's 8,000 samples a second hold.

Source: ITU-T G.722; RFC 3551, section 4.5.2 (its RTP clock runs at 8,000 Hz, one octet a tick).
"""

import G722
import numpy as np

from ringfence.media.g711 import Samples

FRAME_SAMPLES = 160
# 10 ms, in octets and in samples, and the longest packet that is heard.
_HALF = 80
_MOST_HALVES = 12
_BIT_RATE = 64_000
# Each repetition of what was heard last is half as loud as the one before; then there is silence.
_REPETITIONS = 4


class G722Codec:
    """One leg's G.722."""

    def __init__(self) -> None:
        self._encoder = G722.G722(8_000, _BIT_RATE)
        self._decoder = G722.G722(8_000, _BIT_RATE)
        self._last: Samples = np.zeros(FRAME_SAMPLES, np.int16)
        self._losses = 0

    def encode(self, pcm: Samples) -> bytes:
        """160 octets."""
        # The library takes any sequence, and a list fastest.
        encoded: bytes = self._encoder.encode(pcm.tolist())
        return encoded

    def decode(self, payload: bytes) -> Samples:
        """A sample an octet, with silence up to whole 10 ms; what is too long is cut."""
        halves = _halves(payload)
        decoded: Samples = np.zeros(halves * _HALF, np.int16)
        sound = self._decoder.decode(payload[: halves * _HALF])
        decoded[: len(sound)] = np.frombuffer(sound, np.int16)
        self._last = np.concatenate([self._last, decoded])[-FRAME_SAMPLES:]
        self._losses = 0
        return decoded

    def length_ms(self, payload: bytes) -> int:
        """An octet is an eighth of a millisecond."""
        return _halves(payload) * 10

    def lost(self) -> Samples:
        """What was heard last, fading away within 80 ms."""
        self._losses = min(self._losses + 1, _REPETITIONS)
        if self._losses == _REPETITIONS:
            return np.zeros(FRAME_SAMPLES, np.int16)
        return self._last >> self._losses


def _halves(payload: bytes) -> int:
    """How many 10 ms there are in it, a part counting as one."""
    return min(max(1, -(-len(payload) // _HALF)), _MOST_HALVES)
