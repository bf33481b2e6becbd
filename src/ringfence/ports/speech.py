"""Voices: text to sound."""

from typing import Protocol

import msgspec

from ringfence.domain.ssml import Spoken


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be said (`domain.ssml.read_ssml` of a Say).

    `voice` is as the program wrote it (man, woman, alice, Polly.Joanna…), `language` a BCP 47 tag or "". `owner` is the
    account whose words they are: what one has had said is not remembered for another, who could time it.
    """

    spoken: Spoken
    voice: str = ""
    language: str = ""
    owner: str = ""

    def __repr__(self) -> str:
        return "Utterance(…)"


class SpeechFailedError(Exception):
    """The words could not be spoken: the cause, without the words."""


class Speech(Protocol):
    """One voice or several behind one face. The same utterance is rendered once and remembered for a while."""

    async def say(self, utterance: Utterance) -> bytes:
        """A WAV file, 16-bit mono at the voice's own rate: to be decoded as a fetched sound is. SpeechFailedError."""
