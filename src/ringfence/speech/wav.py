"""WAV files of 16-bit mono sound: what voices give and what is handed on.

Source: Multimedia Programming Interface and Data Specifications 1.0, "RIFF WAVE".
"""

import io
import wave

import msgspec


class NotWavError(Exception):
    """Not a WAV file of 16-bit mono sound."""


class Sound(msgspec.Struct, frozen=True):
    """16-bit little-endian mono samples."""

    rate_hz: int
    samples: bytes

    def __repr__(self) -> str:
        return f"Sound({len(self.samples) // 2 / self.rate_hz:.1f} s)"


def read_wav(data: bytes) -> Sound:
    """The sound in a file. NotWavError for another format, or one that is cut short in its header."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2 or file.getnchannels() != 1 or not file.getframerate():
                raise NotWavError
            return Sound(file.getframerate(), file.readframes(file.getnframes()))
    except (wave.Error, EOFError):
        raise NotWavError from None


def write_wav(sound: Sound) -> bytes:
    """A file of it."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate_hz)
        file.writeframes(sound.samples)
    return buffer.getvalue()
