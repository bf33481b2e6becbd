"""Keys heard in the sound: what Q.24 asks for, beside noise, at odd levels and a little off, and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ringfence.media import g711
from ringfence.media.dtmf import COLUMNS_HZ, LAYOUT, ROWS_HZ
from ringfence.media.tone_keys import ToneKeys

FRAME = 160
KEYS = LAYOUT


def key_sound(
    key: str, length_ms: float, *, level: float = 3_000, twist_db: float = 0, off: float = 0, phase: float = 0
) -> NDArray[np.float64]:
    place = LAYOUT.index(key)
    time_s = np.arange(int(length_ms * 8)) / 8_000
    row, column = ROWS_HZ[place // 4] * (1 + off), COLUMNS_HZ[place % 4] * (1 + off)
    return level * (
        np.sin(2 * np.pi * row * time_s + phase)
        + 10 ** (twist_db / 20) * np.sin(2 * np.pi * column * time_s + 2 * phase)
    )


def line(keys: str, on_ms: float, off_ms: float, lead: int, **how: float) -> NDArray[np.float64]:
    parts = [np.zeros(lead)]
    for number, key in enumerate(keys):
        parts += [key_sound(key, on_ms, phase=number, **how), np.zeros(int(off_ms * 8))]
    return np.concatenate([*parts, np.zeros(4 * FRAME)])


def heard(lines: list[NDArray[np.float64]]) -> list[str]:
    """What is heard on several lines at once, companded as on a real one."""
    length = -(-max(map(len, lines)) // FRAME) * FRAME
    sound = np.zeros((len(lines), length))
    for row, one in enumerate(lines):
        sound[row, : len(one)] = one
    plain = g711.decode(g711.encode(np.clip(sound, -32_768, 32_767).astype(np.int16), "PCMU"), "PCMU")
    keys = ToneKeys(len(lines))
    told = [""] * len(lines)
    rows = np.arange(len(lines))
    for start in range(0, length, FRAME):
        for row, key in keys.hear(rows, plain[:, start : start + FRAME]):
            told[row] += key
    return told


LEADS = range(0, 160, 13)


@pytest.mark.parametrize(
    ("on_ms", "off_ms", "how"),
    [
        (50, 50, {}),
        (40, 40, {}),
        (70, 70, {"level": 300}),
        (100, 60, {"level": 12_000}),
        (50, 50, {"twist_db": 4}),
        (50, 50, {"twist_db": -8}),
        (50, 50, {"off": 0.015}),
        (50, 50, {"off": -0.015}),
    ],
)
def test_every_key_is_heard_once(on_ms: float, off_ms: float, how: dict[str, float]) -> None:
    told = heard([line(KEYS, on_ms, off_ms, lead, **how) for lead in LEADS])
    assert told == [KEYS] * len(LEADS)


@pytest.mark.parametrize(
    ("on_ms", "how"),
    [(20, {}), (100, {"off": 0.035}), (100, {"off": -0.035}), (100, {"twist_db": 14}), (100, {"level": 40})],
)
def test_what_is_too_short_too_far_off_too_unequal_or_too_quiet_is_no_key(on_ms: float, how: dict[str, float]) -> None:
    assert heard([line(KEYS, on_ms, 80, lead, **how) for lead in LEADS]) == [""] * len(LEADS)


def test_a_key_that_is_held_is_one_key_and_the_same_key_twice_is_two() -> None:
    assert heard([line("5", 1_500, 50, 7), line("55", 60, 60, 7)]) == ["5", "55"]


def test_noise_15_db_below_a_key_does_not_hide_it() -> None:
    rng = np.random.default_rng(4)
    lines = []
    for lead in LEADS:
        clean = line(KEYS, 60, 60, lead)
        lines.append(clean + rng.normal(0, 3_000 * 10 ** (-15 / 20), len(clean)))
    assert heard(lines) == [KEYS] * len(LEADS)


def test_noise_and_voices_are_no_keys() -> None:
    rng = np.random.default_rng(5)
    time_s = np.arange(8_000 * 20) / 8_000
    lines = [rng.normal(0, 3_000, len(time_s))]
    for pitch_hz in (97, 139, 180, 233):
        # A buzz with formants that wander: every overtone of a pitch that glides.
        glide = np.cumsum(pitch_hz * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * time_s))) / 8_000
        voice = sum(np.sin(2 * np.pi * number * glide) * 3_000 / number**0.5 for number in range(1, 14))
        lines.append(voice * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time_s)))
    assert heard(lines) == [""] * len(lines)


def test_a_row_that_was_cleared_has_forgotten_its_key() -> None:
    keys = ToneKeys(1)
    sound = key_sound("8", 200).astype(np.int16).reshape(1, -1)
    told = [keys.hear(np.array([0]), sound[:, at : at + FRAME]) for at in range(0, 800, FRAME)]
    keys.clear(0)
    told += [keys.hear(np.array([0]), sound[:, at : at + FRAME]) for at in range(800, 1_600, FRAME)]
    assert [found for tick in told for found in tick] == [(0, "8"), (0, "8")]
