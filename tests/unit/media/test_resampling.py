"""Resampling keeps what both rates can hold, drops what the lower one cannot, and moves nothing in time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media.resampling import Resampler


def sine(hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz).astype(np.float32)


def resampled(sound: np.ndarray, rate_hz: int, to_hz: int = 8_000) -> np.ndarray:
    resampler = Resampler(rate_hz, to_hz)
    return np.concatenate([resampler.push(sound), resampler.flush()])


rates = pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000])


@rates
@pytest.mark.parametrize("hz", [50, 440, 1_000, 3_400])
def test_a_tone_that_fits_is_the_same_tone_at_the_same_time(rate_hz: int, hz: int) -> None:
    sound = resampled(sine(hz, rate_hz), rate_hz)
    assert np.abs(sound - sine(hz, 8_000))[400:-400].max() < 2e-3


@pytest.mark.parametrize(("rate_hz", "hz"), [(16_000, 4_300), (44_100, 4_500), (44_100, 12_345), (48_000, 20_000)])
def test_a_tone_that_does_not_fit_is_gone(rate_hz: int, hz: int) -> None:
    assert np.abs(resampled(sine(hz, rate_hz), rate_hz))[400:-400].max() < 1e-3


@pytest.mark.parametrize("to_hz", [16_000, 48_000])
def test_a_rate_may_go_up(to_hz: int) -> None:
    sound = resampled(sine(1_000, 8_000), 8_000, to_hz)
    assert np.abs(sound - sine(1_000, to_hz))[2_000:-2_000].max() < 2e-3


@given(
    rate_hz=st.integers(4_000, 384_000),
    length=st.integers(0, 3_000),
    cuts=st.lists(st.integers(0, 3_000), max_size=5),
)
def test_it_does_not_matter_in_what_pieces_it_comes(rate_hz: int, length: int, cuts: list[int]) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, length).astype(np.float32)
    resampler = Resampler(rate_hz, 8_000)
    pieces = [resampler.push(piece) for piece in np.split(sound, sorted(min(cut, length) for cut in cuts))]
    out = np.concatenate([*pieces, resampler.flush()])
    assert np.allclose(out, resampled(sound, rate_hz), atol=1e-5)
    assert abs(len(out) - length * 8_000 / rate_hz) < 2
    assert not len(out) or np.abs(out).max() < 3


@rates
def test_silence_and_constants_stay(rate_hz: int) -> None:
    assert not resampled(np.zeros(rate_hz, np.float32), rate_hz).any()
    constant = resampled(np.full(rate_hz, 0.5, np.float32), rate_hz)
    assert np.allclose(constant[400:-400], 0.5, atol=1e-4)


def test_rates_that_share_nothing_keep_their_length() -> None:
    sound = resampled(sine(440, 44_101, 60), 44_101)
    assert abs(len(sound) - 480_000) <= 5
    assert np.abs(sound[:8_000] - sine(440, 8_000))[400:].max() < 0.01
