"""What a voice engine must do to speak here: one phrase at a time."""

from typing import Protocol

from ringfence.domain.ssml import Phrase
from ringfence.speech.wav import Sound


class Engine(Protocol):
    """One way to make speech. SpeechFailedError (ports.speech) where it cannot."""

    def speaks(self, language: str) -> bool:
        """Whether it has a voice for this BCP 47 tag ("" for none in particular)."""

    async def render(self, phrase: Phrase, *, voice: str, language: str) -> Sound:
        """A phrase as sound, at its rate and volume. `language` is the phrase's own or the utterance's."""

    async def close(self) -> None:
        """End what it runs. Idempotent."""
