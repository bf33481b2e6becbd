"""What is played where a packet is missing: the last pitch again, fading to silence within three frames.

For a batch of legs at once. Source: the idea of ITU-T G.711, appendix I, on frames of 20 ms.
"""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

FRAME = 160
# The shortest and the longest pitch looked for, in samples at 8,000 a second: 200 to 50 Hz and below.
MIN_LAG, MAX_LAG = 40, 160
_TEMPLATE = 80
HISTORY = 2 * FRAME
FADED_AFTER = 3
# Looking for the pitch costs: in a tick where more legs than this miss a packet, the rest repeat their last frame.
MAX_SEARCHED = 128
MERGED = 40

# How loud each missing frame in a row begins and ends, of the frame before it.
_FADES = np.array(
    [np.linspace(1.0, 0.8, FRAME), np.linspace(1.0, 0.5, FRAME), np.linspace(1.0, 0.0, FRAME), np.zeros(FRAME)],
    np.float32,
)
_RISE = np.linspace(0.0, 1.0, MERGED, dtype=np.float32)
# Every other sample and lag will do to find it.
_LAGS = np.arange(MIN_LAG, MAX_LAG + 1, 2)
_PLACES = (HISTORY - _TEMPLATE - _LAGS)[:, None] + np.arange(0, _TEMPLATE, 2)
_FRAME_PLACES = np.arange(FRAME)


def concealed(history: Samples, missing: NDArray[np.int64]) -> Samples:
    """A frame for each row of `history` (its last `HISTORY` samples); `missing` counts its frames missing in a row."""
    lags = np.full(len(history), MAX_LAG)
    searched = np.flatnonzero(missing <= FADED_AFTER)[:MAX_SEARCHED]
    lags[searched] = pitch_lags(history[searched])
    places = HISTORY - lags[:, None] + _FRAME_PLACES % lags[:, None]
    again = np.take_along_axis(history, places, axis=1).astype(np.float32)
    return (again * _FADES[np.clip(missing, 1, FADED_AFTER + 1) - 1]).astype(np.int16)


def merged(continued: Samples, sound: Samples) -> Samples:
    """Frames that came after missing ones, each begun in what its concealment would have gone on with: no click."""
    rising = sound.copy()
    blend = continued[:, :MERGED] * (1 - _RISE) + sound[:, :MERGED] * _RISE
    rising[:, :MERGED] = blend.astype(np.int16)
    return rising


def pitch_lags(history: Samples) -> NDArray[np.int64]:
    """How many samples ago each row sounded most like its end."""
    sound = history.astype(np.float32)
    template = sound[:, -_TEMPLATE::2]
    earlier = sound[:, _PLACES]
    likeness = np.einsum("rlt,rt->rl", earlier, template)
    energy = np.einsum("rlt,rlt->rl", earlier, earlier)
    # Squared, with its sign: a loud part is not liker than a quiet one.
    scores = np.sign(likeness) * likeness * likeness / (energy + 1.0)
    best: NDArray[np.int64] = _LAGS[scores.argmax(1)]
    return best
