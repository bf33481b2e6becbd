"""The samples of a sound file: WAV by ourselves, MP3, FLAC and Ogg Vorbis by miniaudio.

miniaudio is C, and files come from strangers: this is imported by `sound_process` alone.
"""

from collections.abc import Iterator

import miniaudio
import numpy as np

from ringfence.media import wav
from ringfence.media.resampling import Floats
from ringfence.media.wav_samples import mono_samples

_FRAMES_AT_ONCE = 1 << 14


class UnknownSoundFileError(Exception):
    """No sound file of a kind that is read, or a broken one."""


def file_samples(data: bytes) -> tuple[int, Iterator[Floats]]:
    """Samples a second, and one channel of floats from -1 to 1, a piece at a time. UnknownSoundFileError, then too."""
    if wav.is_wav(data):
        try:
            form = wav.parse_wav(data)
        except wav.InvalidWavError as error:
            raise UnknownSoundFileError(str(error)) from None
        return form.rate_hz, mono_samples(data, form)
    try:
        rate_hz = _info(data).sample_rate
        if not wav.MIN_RATE_HZ <= rate_hz <= wav.MAX_RATE_HZ:
            raise UnknownSoundFileError("a rate out of bounds")
        stream = miniaudio.stream_memory(
            data, miniaudio.SampleFormat.FLOAT32, nchannels=1, sample_rate=rate_hz, frames_to_read=_FRAMES_AT_ONCE
        )
    except miniaudio.MiniaudioError:
        raise UnknownSoundFileError("no sound file that is read") from None
    return rate_hz, _pieces(stream)


def _info(data: bytes) -> "miniaudio.SoundFileInfo":
    if data[:4] == b"fLaC":
        return miniaudio.flac_get_info(data)
    if data[:4] == b"OggS":
        return miniaudio.vorbis_get_info(data)
    return miniaudio.mp3_get_info(data)


def _pieces(stream: "miniaudio.PlaybackCallbackGeneratorType") -> Iterator[Floats]:
    try:
        for piece in stream:
            yield np.frombuffer(piece, np.float32)
    except miniaudio.MiniaudioError:
        raise UnknownSoundFileError("a broken sound file") from None
