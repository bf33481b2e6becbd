"""G.711 is what the standard's tables say, octet by octet and sample by sample."""

import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.media import g711

with warnings.catch_warnings():
    # Python has a G.711 of its own up to 3.12: another's, to be held against.
    warnings.simplefilter("ignore", DeprecationWarning)
    audioop = pytest.importorskip("audioop") if sys.version_info < (3, 13) else None

LAWS = pytest.mark.parametrize("law", ["PCMU", "PCMA"])
EVERY_OCTET = np.arange(256, dtype=np.uint8)
EVERY_SAMPLE = np.arange(-32_768, 32_768).astype(np.int16)


@pytest.mark.parametrize(
    ("law", "octet", "sample"),
    [
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x7F, 0),
        ("PCMU", 0xFE, 8),
        ("PCMU", 0xEF, 132),
        ("PCMU", 0x80, 32_124),
        ("PCMU", 0x00, -32_124),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0x55, -8),
        ("PCMA", 0xC5, 264),
        ("PCMA", 0xAA, 32_256),
        ("PCMA", 0x2A, -32_256),
    ],
)
def test_what_octets_stand_for(law: str, octet: int, sample: int) -> None:
    assert g711.decode(np.array([octet], np.uint8), law).tolist() == [sample]


@LAWS
def test_every_octet_is_itself_after_a_turn(law: str) -> None:
    again = g711.encode(g711.decode(EVERY_OCTET, law), law)
    # Of the two zeros of µ-law the positive one is said.
    assert again.tolist() == [0xFF if (law, octet) == ("PCMU", 0x7F) else octet for octet in range(256)]


@LAWS
def test_every_sample_and_octet_is_what_another_makes_of_it(law: str) -> None:
    if audioop is None:
        pytest.skip("audioop, which this is held against, left the standard library with Python 3.13")
    encode, decode = {
        "PCMU": (audioop.lin2ulaw, audioop.ulaw2lin),
        "PCMA": (audioop.lin2alaw, audioop.alaw2lin),
    }[law]
    # Where negative samples lie between two steps of µ-law, others round the other way.
    sound = EVERY_SAMPLE if law == "PCMA" else EVERY_SAMPLE[EVERY_SAMPLE >= 0]
    assert g711.encode(sound, law).tobytes() == encode(sound.tobytes(), 2)
    assert g711.decode(EVERY_OCTET, law).tobytes() == decode(EVERY_OCTET.tobytes(), 2)


def test_a_negative_sample_differs_from_the_positive_one_by_its_sign_alone() -> None:
    positive = np.arange(1, 32_768).astype(np.int16)
    assert np.array_equal(g711.encode(-positive, "PCMU"), g711.encode(positive, "PCMU") & 0x7F)
    assert g711.encode(np.array([-32_768], np.int16), "PCMU").tolist() == [0x00]


@LAWS
@given(rows=st.integers(1, 4), count=st.integers(0, 200))
def test_many_at_once_keep_their_shape(law: str, rows: int, count: int) -> None:
    sound = np.arange(rows * count, dtype=np.int16).reshape(rows, count)
    assert g711.encode(sound, law).shape == (rows, count)
    assert g711.decode(g711.encode(sound, law), law).shape == (rows, count)
