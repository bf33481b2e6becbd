"""Voices: text to sound."""

from typing import Protocol

import msgspec


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """Words to be said: `ssml` is what stands inside Say, well-formed XML with SSML elements and escaped text.

    `voice` is as the program wrote it (man, woman, alice, Polly.Joanna…), `language` a BCP 47 tag or "".
    """

    ssml: str
    voice: str = ""
    language: str = ""

    def __repr__(self) -> str:
        return "Utterance(…)"


class SpeechFailedError(Exception):
    """The words could not be spoken: the cause, without the words."""


class Speech(Protocol):
    """One voice or several behind one face. The same utterance is rendered once and remembered for a while."""

    async def say(self, utterance: Utterance) -> bytes:
        """Sound as `ports.media` has it: 16-bit little-endian mono at 8,000 samples a second. SpeechFailedError."""
