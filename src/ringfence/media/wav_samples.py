"""The samples of a WAV file as one channel of floats from -1 to 1, a piece at a time."""

from collections.abc import Iterator

import numpy as np

from ringfence.media import g711, wav
from ringfence.media.resampling import Floats
from ringfence.media.wav import WavFormat

_FRAMES_AT_ONCE = 1 << 16


def mono_samples(data: bytes, form: WavFormat) -> Iterator[Floats]:
    """All channels as one, their mean. `form` is what `parse_wav` found in `data`."""
    frame = form.channels * form.bits // 8
    for at in range(form.start, form.start + form.length, frame * _FRAMES_AT_ONCE):
        end = min(at + frame * _FRAMES_AT_ONCE, form.start + form.length)
        samples = _floats(data[at:end], form)
        yield samples.reshape(-1, form.channels).mean(axis=1, dtype=np.float32)


def _floats(data: bytes, form: WavFormat) -> Floats:
    match form.tag, form.bits:
        case wav.ULAW, _:
            return _scaled(g711.decode(np.frombuffer(data, np.uint8), "PCMU"), 16)
        case wav.ALAW, _:
            return _scaled(g711.decode(np.frombuffer(data, np.uint8), "PCMA"), 16)
        case wav.FLOAT, bits:
            floats = np.frombuffer(data, "<f4" if bits == 32 else "<f8")
            # A file may hold what is no number at all.
            finite: Floats = np.clip(np.nan_to_num(floats, posinf=0, neginf=0), -1, 1).astype(np.float32)
            return finite
        case _, 8:
            return _scaled(np.frombuffer(data, np.uint8).astype(np.int16) - 128, 8)
        case _, 24:
            octets = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
            return _scaled((octets[:, 0] << 8 | octets[:, 1] << 16 | octets[:, 2] << 24), 32)
        case _, bits:
            return _scaled(np.frombuffer(data, f"<i{bits // 8}"), bits)


def _scaled(samples: np.ndarray[tuple[int, ...], np.dtype[np.signedinteger]], bits: int) -> Floats:
    floats: Floats = samples.astype(np.float32) / np.float32(2 ** (bits - 1))
    return floats
