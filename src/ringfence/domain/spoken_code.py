"""What a call says to bring a code: first, where it must be, the wish that a key be pressed; then the code, twice.

Each character of a code is a Say of its own. So no voice, no cache of sounds and no media worker ever holds a code: the
sounds of ten digits serve all codes, and their order is nowhere but in the document that runs.
"""

from typing import Final

import msgspec

from ringfence.domain.twiml.document import Element
from ringfence.domain.twiml.voice_verbs import Pause, Say, VoiceDocument, VoiceVerb
from ringfence.domain.verify_templates.press_a_key import PRESS_A_KEY

CODE_PLACE: Final = "{{code}}"
TIMES: Final = 2
INVITATIONS: Final = 3
KEY_WITHIN_S: Final = 5


class Wording(msgspec.Struct, frozen=True, array_like=True):
    """A sentence in a language (BCP 47), with `{{code}}` where the code comes and every other place filled."""

    locale: str
    text: str


class SpokenCode(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Which code a call brings, and in which words: the first that a voice here can speak. It holds no code.

    `voice` as in a Say; `key_first`: nothing is said of the code before a key is pressed.
    """

    verification: str
    service: str
    wordings: tuple[Wording, ...]
    voice: str = ""
    key_first: bool = True

    def __repr__(self) -> str:
        return f"SpokenCode({self.verification})"


def say(text: str, locale: str, voice: str) -> Say:
    """These words."""
    return Say(content=Element("Say", {}, text, (), 0, 0, (text,)), voice=voice or "man", language=locale)


def invitation(wording: Wording, voice: str) -> VoiceDocument:
    """The wish for a key, a few times; who presses none hears no code."""
    words = say(PRESS_A_KEY.get(wording.locale, PRESS_A_KEY["en"]), wording.locale, voice)
    return VoiceDocument((words, Pause(length_s=KEY_WITHIN_S)) * INVITATIONS)


def announcement(wording: Wording, voice: str, code: str) -> VoiceDocument:
    """The words with the code in them."""
    verbs: list[VoiceVerb] = [Pause(length_s=1)]
    for _ in range(TIMES):
        before, _, after = wording.text.partition(CODE_PLACE)
        for part in (before, *code, after):
            if any(char.isalnum() for char in part):
                verbs.append(say(part.strip(), wording.locale, voice))
        verbs.append(Pause(length_s=1))
    return VoiceDocument(tuple(verbs))
