"""What a leg plays: pieces one after the other, a number of times, a frame a tick."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ringfence.media.clips import Clips
from ringfence.media.dtmf import keys_sound, silence
from ringfence.media.tones import tone_sound
from ringfence.ports.media import SAMPLE_RATE_HZ, Clip, Keys, Piece, Silence, Tone

Samples = NDArray[np.int16]

FRAME = 160
MAX_SILENCE_MS = 3_600_000


def piece_sound(piece: Piece, clips: Clips) -> "Samples | int":
    """A piece's samples, or for silence how many there are. UnknownSoundError; ValueError for keys that are none."""
    match piece:
        case Clip():
            return clips.get(piece.name)
        case Keys():
            return keys_sound(piece.digits)
        case Tone():
            return tone_sound(piece)
        case Silence():
            return min(max(piece.length_ms, 0), MAX_SILENCE_MS) * SAMPLE_RATE_HZ // 1_000


class Playing:
    """One run of pieces under a token. `write` fills a frame a tick until it says that the end has come.

    `keys` are the places of sounds that are keys, which no recording may have.
    """

    def __init__(
        self, token: int, sounds: Sequence[Samples | int], loop: int, *, keys: Collection[int] = frozenset()
    ) -> None:
        self.token = token
        # Whether there is something of a key in the frame that was just written.
        self.keyed = False
        # Without a sample to play, a loop would never end within a frame.
        audible = [at for at, sound in enumerate(sounds) if (sound if isinstance(sound, int) else len(sound)) > 0]
        self._sounds = [sounds[at] for at in audible]
        self._keys = frozenset(place for place, at in enumerate(audible) if at in keys)
        self._left = loop if loop > 0 else -1
        self._piece = 0
        self._place = 0

    def write(self, frame: Samples) -> bool:
        """Fill one frame, the rest with silence at the end: False when nothing of it was ours, all being played."""
        self.keyed = False
        if not self._sounds or self._left == 0:
            return False
        sound = self._sounds[self._piece]
        end = self._place + FRAME
        if not isinstance(sound, int) and end < len(sound):
            frame[:] = sound[self._place : end]
            self._place = end
            self.keyed = self._piece in self._keys
            return True
        filled = 0
        while filled < FRAME and self._left:
            filled += self._write_part(frame[filled:])
        frame[filled:] = 0
        return True

    def _write_part(self, room: Samples) -> int:
        sound = self._sounds[self._piece]
        length = sound if isinstance(sound, int) else len(sound)
        count = min(len(room), length - self._place)
        self.keyed = self.keyed or self._piece in self._keys
        room[:count] = 0 if isinstance(sound, int) else sound[self._place : self._place + count]
        self._place += count
        if self._place >= length:
            self._place = 0
            self._piece += 1
            if self._piece == len(self._sounds):
                self._piece = 0
                self._left -= self._left > 0
        return count


def tone_frames(sound: Samples) -> list[Samples]:
    """A short sound as frames, the last filled up with silence."""
    padded = np.concatenate([sound, silence(20)])[: -(-len(sound) // FRAME) * FRAME]
    return list(padded.reshape(-1, FRAME))
