"""G.711: companded bytes to samples and back, by table, for any number of legs at once.

Samples are 16-bit at 8,000 a second. Source: ITU-T G.711, tables 1 and 2.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Octets = NDArray[np.uint8]

_ULAW_BIAS = 132
_ULAW_CLIP = 32_635
# Every other bit of an A-law byte is turned over on the wire.
_ALAW_TOGGLE = 0x55


def _decode_ulaw(codes: NDArray[np.int64]) -> Samples:
    turned = ~codes & 0xFF
    exponent, step = turned >> 4 & 7, turned & 15
    size = ((step << 3) + _ULAW_BIAS << exponent) - _ULAW_BIAS
    return np.where(turned & 0x80, -size, size).astype(np.int16)


def _encode_ulaw(samples: NDArray[np.int64]) -> Octets:
    size = np.minimum(np.abs(samples), _ULAW_CLIP) + _ULAW_BIAS
    exponent = np.floor(np.log2(size)).astype(np.int64) - 7
    code = np.where(samples < 0, 0x80, 0) | exponent << 4 | size >> exponent + 3 & 15
    octets: Octets = (~code & 0xFF).astype(np.uint8)
    return octets


def _decode_alaw(codes: NDArray[np.int64]) -> Samples:
    turned = codes ^ _ALAW_TOGGLE
    exponent, step = turned >> 4 & 7, turned & 15
    size = np.where(exponent == 0, (step << 4) + 8, (step << 4) + 0x108 << np.maximum(exponent - 1, 0))
    return np.where(turned & 0x80, size, -size).astype(np.int16)


def _encode_alaw(samples: NDArray[np.int64]) -> Octets:
    size = np.where(samples < 0, ~samples, samples) >> 3
    exponent = np.maximum(np.floor(np.log2(np.maximum(size, 1))).astype(np.int64) - 4, 0)
    step = np.where(exponent < 2, size >> 1, size >> exponent) & 15
    code = np.where(samples < 0, 0, 0x80) | exponent << 4 | step
    octets: Octets = (code ^ _ALAW_TOGGLE).astype(np.uint8)
    return octets


_CODES = np.arange(256)
# In the order of a 16-bit sample read as unsigned.
_SAMPLES = np.arange(65_536).astype(np.uint16).view(np.int16).astype(np.int64)

DECODING = {"PCMU": _decode_ulaw(_CODES), "PCMA": _decode_alaw(_CODES)}
ENCODING = {"PCMU": _encode_ulaw(_SAMPLES), "PCMA": _encode_alaw(_SAMPLES)}


def decode(octets: Octets, encoding: str) -> Samples:
    """Samples of PCMU or PCMA bytes, in the shape they came in."""
    return np.take(DECODING[encoding], octets)


def encode(samples: Samples, encoding: str) -> Octets:
    """PCMU or PCMA bytes of samples, in the shape they came in."""
    return np.take(ENCODING[encoding], samples.view(np.uint16))
