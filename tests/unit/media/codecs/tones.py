"""Sounds for tests of codecs, how to tell what is left of them, and a peer that codes them by itself."""

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 8_000
FRAME = 160


def needs_ffmpeg(test: Callable[..., Any]) -> Callable[..., Any]:
    """A test that ffmpeg takes part in: it is large, so that `make test-long` installs it and `make test` does not."""
    missing = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg: apt-get install ffmpeg")
    return pytest.mark.long(missing(test))


def tone(hz: float, seconds: float = 1.0, rate_hz: int = RATE_HZ, size: int = 8_000) -> NDArray[np.int16]:
    return (np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz) * size).astype(np.int16)


def speech(seconds: float = 2.0, rate_hz: int = RATE_HZ) -> NDArray[np.int16]:
    """What is like a voice to a codec: a buzz with formants that rises and falls."""
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    buzz = sum(np.sin(phase * n) / n * (1 + (n in (4, 5, 10, 18))) for n in range(1, 24))
    return (buzz * 3_000 * (0.3 + 0.7 * np.abs(np.sin(2 * np.pi * 1.5 * at)))).astype(np.int16)


def framed(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    return sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)


def strength_db(sound: NDArray[np.int16], hz: float, rate_hz: int = RATE_HZ) -> float:
    """How much of a sound's energy is within 10 Hz of a frequency, in dB (0: all)."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    inside = spectrum[np.abs(frequencies - hz) <= 10].sum()
    return float(10 * np.log10(inside / spectrum.sum())) if spectrum.sum() else -np.inf


def likeness_db(sound: NDArray[np.int16], original: NDArray[np.int16], max_delay: int = 400) -> float:
    """Signal to noise of a sound against its original, at the delay and loudness that fit best."""
    length = min(len(sound), len(original)) - max_delay
    wanted = original[:length].astype(float)
    delays = np.correlate(sound[: length + max_delay].astype(float), wanted, "valid")
    at = int(np.argmax(delays))
    found = sound[at : at + length].astype(float)
    noise = found - wanted * (found @ wanted) / (wanted @ wanted)
    return float(10 * np.log10((found @ found) / max(noise @ noise, 1e-9)))


def resemblance(sound: NDArray[np.int16], original: NDArray[np.int16]) -> float:
    """How well two sounds' spectra move together, 1 at best: for codecs that keep no waveform. Blind to 10 ms."""

    def spectra(samples: NDArray[np.int16]) -> NDArray[np.float64]:
        whole = samples[: len(samples) // 400 * 400].reshape(-1, 400) * np.hanning(400)
        return np.log10(np.abs(np.fft.rfft(whole, axis=1)) + 100)

    one, other = spectra(sound), spectra(original)
    length = min(len(one), len(other))
    return float(np.corrcoef(one[:length].ravel(), other[:length].ravel())[0, 1])


def ffmpeg(data: bytes, *arguments: str) -> bytes:
    """What ffmpeg makes of its standard input."""
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", *arguments, "pipe:1"]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True, timeout=60).stdout
