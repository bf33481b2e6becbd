"""Plays on one leg: a sound kept in its media worker, kept there again when it was forgotten."""

from collections.abc import Sequence

from ringfence.ports.media import Clip, Media, Piece, UnknownSoundError
from ringfence.usecases.voice.sounds import Sound

KEEP_TRIES = 3


async def play_sound(media: Media, leg: str, token: int, sound: Sound, *, loop: int = 1) -> None:
    """Play a sound; its `SoundEnded` follows. ConnectionError, or UnknownSoundError where the worker cannot keep it."""
    for _ in range(KEEP_TRIES):
        try:
            await media.play(leg, token, [Clip(sound.name)], loop=loop)
        except UnknownSoundError:
            await media.keep(sound.name, sound.data)
        else:
            return
    raise UnknownSoundError("the media worker forgets the sound at once")


async def play_pieces(media: Media, leg: str, token: int, pieces: Sequence[Piece], *, loop: int = 1) -> None:
    """Play tones and keys. ConnectionError."""
    await media.play(leg, token, pieces, loop=loop)
