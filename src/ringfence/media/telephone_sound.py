"""Sound of any rate as telephones carry it: 16-bit little-endian mono at 8,000 samples a second."""

from collections.abc import Iterable, Iterator

import numpy as np

from ringfence.media.resampling import Floats, Resampler
from ringfence.ports.media import SAMPLE_RATE_HZ


def telephone_sound(pieces: Iterable[Floats], rate_hz: int) -> Iterator[bytes]:
    """One channel of floats from -1 to 1 in, a piece at a time."""
    if rate_hz == SAMPLE_RATE_HZ:
        yield from map(_octets, pieces)
        return
    resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
    for piece in pieces:
        yield _octets(resampler.push(piece))
    yield _octets(resampler.flush())


def _octets(sound: Floats) -> bytes:
    # A sum of what fits may not fit, such as what a filter overshoots.
    return np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype("<i2").tobytes()
