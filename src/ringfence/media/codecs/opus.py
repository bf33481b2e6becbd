"""Opus, by the libopus of this machine or of `ringfence[opus]`: it takes and gives 8,000 samples a second itself.

Source: RFC 6716 (codec), RFC 7587 (RTP), libopus's API (opus.h).
"""

import ctypes
import ctypes.util
import functools
import importlib.util
import platform
import sys
import weakref
from pathlib import Path

import numpy as np

from ringfence.media.g711 import Samples

RATE_HZ = 8_000
FRAME_SAMPLES = 160
MAX_PAYLOAD_BYTES = 1_275
# The longest that one packet may hold: 120 ms.
_MAX_PACKET_SAMPLES = 960
_HALF_SAMPLES = 80
# A frame's length by its configuration, µs: SILK, hybrid and CELT, four or two lengths each (RFC 6716, table 2).
_FRAME_US = ((10_000, 20_000, 40_000, 60_000), (10_000, 20_000), (2_500, 5_000, 10_000, 20_000))

_APPLICATION_VOIP = 2_048
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_PACKET_LOSS = 4_002, 4_010, 4_012, 4_014
# Narrowband speech is clear at this, and the least effort at which it is: 45 µs a frame, 135 at the highest.
_SETTINGS = ((_SET_BITRATE, 24_000), (_SET_COMPLEXITY, 3), (_SET_INBAND_FEC, 1), (_SET_PACKET_LOSS, 5))


class OpusMissingError(Exception):
    """There is no libopus on this machine: says how to get one."""

    def __init__(self) -> None:
        super().__init__("Opus needs libopus: install it by the system's package, or ringfence[opus]")


@functools.cache
def find_libopus() -> str | None:
    """Where libopus is: the system's first, which is kept up to date, then the package's; None where neither is."""
    found = ctypes.util.find_library("opus")
    if found is not None:
        return found
    package = importlib.util.find_spec("opuslib_next")
    if package is None or not package.submodule_search_locations:
        return None
    name = "libopus.dylib" if sys.platform == "darwin" else "libopus.so"
    path = Path(package.submodule_search_locations[0]) / "_native" / name
    return str(path) if path.is_file() else None


@functools.cache
def _library() -> ctypes.CDLL:
    path = find_libopus()
    if path is None:
        raise OpusMissingError
    # Each call is shorter than giving the interpreter's lock away and waiting for it would be.
    library = ctypes.PyDLL(path)
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for name, answer, arguments in (
        ("opus_encoder_create", pointer, [integer, integer, integer, ctypes.POINTER(integer)]),
        ("opus_decoder_create", pointer, [integer, integer, ctypes.POINTER(integer)]),
        ("opus_encoder_destroy", None, [pointer]),
        ("opus_decoder_destroy", None, [pointer]),
        ("opus_encode", integer, [pointer, pointer, integer, pointer, integer]),
        ("opus_decode", integer, [pointer, ctypes.c_char_p, integer, pointer, integer, integer]),
        ("opus_encoder_ctl", integer, [pointer, integer, integer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = answer, arguments
    return library


def packet_length_us(payload: bytes) -> int:
    """How much sound a packet says it holds; 0 for one that says nothing."""
    if not payload:
        return 0
    configuration, count = payload[0] >> 3, payload[0] & 3
    lengths = _FRAME_US[0] if configuration < 12 else _FRAME_US[1] if configuration < 16 else _FRAME_US[2]
    frames = (1, 2, 2, payload[1] & 63 if len(payload) > 1 else 0)[count]
    return lengths[configuration % len(lengths)] * frames


class OpusCodec:
    """One leg's Opus, mono. OpusMissingError without libopus."""

    def __init__(self) -> None:
        library = _library()
        error = ctypes.c_int()
        self._encoder = library.opus_encoder_create(RATE_HZ, 1, _APPLICATION_VOIP, ctypes.byref(error))
        self._decoder = library.opus_decoder_create(RATE_HZ, 1, ctypes.byref(error))
        if not self._encoder or not self._decoder:
            raise MemoryError("libopus gave neither coder nor decoder")
        weakref.finalize(self, library.opus_encoder_destroy, self._encoder)
        weakref.finalize(self, library.opus_decoder_destroy, self._decoder)
        # Apple's processors pass the arguments of such a function in a way that ctypes does not know.
        if not (sys.platform == "darwin" and platform.machine() == "arm64"):
            for setting, value in _SETTINGS:
                library.opus_encoder_ctl(self._encoder, setting, value)
        self._encode, self._decode = library.opus_encode, library.opus_decode
        self._payload = ctypes.create_string_buffer(MAX_PAYLOAD_BYTES)
        self._sound: Samples = np.zeros(_MAX_PACKET_SAMPLES, np.int16)
        self._address = self._sound.ctypes.data

    def encode(self, pcm: Samples) -> bytes:
        """At most 1,275 bytes; none where libopus refuses, which no 160 samples make it do."""
        whole = np.ascontiguousarray(pcm, np.int16)
        length = self._encode(self._encoder, whole.ctypes.data, FRAME_SAMPLES, self._payload, MAX_PAYLOAD_BYTES)
        return self._payload.raw[: max(0, length)]

    def decode(self, payload: bytes) -> Samples:
        """All that it holds, with silence up to whole 10 ms; what libopus makes up where it is none."""
        if not payload:
            return self.lost()
        count = self._decode(self._decoder, payload, len(payload), self._address, _MAX_PACKET_SAMPLES, 0)
        if count <= 0:
            return self.lost()
        sound: Samples = np.zeros(-(-count // _HALF_SAMPLES) * _HALF_SAMPLES, np.int16)
        sound[:count] = self._sound[:count]
        return sound

    def length_ms(self, payload: bytes) -> int:
        """By its first octets (RFC 6716, section 3), a part of 10 ms counting as one."""
        return min(max(10, -(-packet_length_us(payload) // 10_000) * 10), 120)

    def lost(self) -> Samples:
        """What libopus makes up."""
        count = max(0, self._decode(self._decoder, None, 0, self._address, FRAME_SAMPLES, 0))
        made_up: Samples = np.zeros(FRAME_SAMPLES, np.int16)
        made_up[:count] = self._sound[:count]
        return made_up
