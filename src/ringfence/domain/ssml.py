"""What is to be said: the text and SSML of a Say as phrases and pauses, for whichever voice speaks them.

Elements that no voice here can act on (phoneme, w, pitch) are read as the words in them, so nothing is left unsaid.

Source: W3C, SSML 1.1; Twilio, "Text-to-Speech", section "SSML".
"""

import re

import msgspec

from ringfence.domain.twiml.document import Element

MAX_BREAK_MS = 10_000
_BREAKS_MS = {"none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 700, "x-strong": 1_200}
_PARAGRAPH_MS = 700
_SENTENCE_MS = 400
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.5, "default": 1.0}
_VOLUMES_DB = {
    "silent": -96.0,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "loud": 4.0,
    "x-loud": 6.0,
    "default": 0.0,
}
_MIN_RATE, _MAX_RATE = 0.2, 2.0
_TIME = re.compile(r"\+?(\d{1,6}(?:\.\d{1,6})?)(ms|s)")
_PERCENT = re.compile(r"\+?(\d{1,4}(?:\.\d{1,4})?)%")
_DECIBEL = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,4})?)dB")
_ONE_BY_ONE = frozenset({"characters", "spell-out", "digits"})
_EMPHASIS = {"strong": (0.9, 2.0), "moderate": (0.95, 1.0), "reduced": (1.05, -2.0), "none": (1.0, 0.0)}


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """Words in one manner: `rate` 1.0 is the voice's own, 2.0 twice as fast; `language` a BCP 47 tag, "" the call's."""

    text: str
    rate: float = 1.0
    volume_db: float = 0.0
    language: str = ""

    def __repr__(self) -> str:
        return "Phrase(…)"


class Break(msgspec.Struct, frozen=True):
    """Silence."""

    length_ms: int


Spoken = tuple[Phrase | Break, ...]


def read_ssml(say: Element) -> Spoken:
    """What a Say element says, in order: neighbouring words of one manner are one phrase; no phrase is empty."""
    reader = _Reader()
    reader.take(say, Phrase(text=""))
    return reader.spoken()


class _Reader:
    def __init__(self) -> None:
        self._parts: list[Phrase | Break] = []

    def spoken(self) -> Spoken:
        return tuple(
            msgspec.structs.replace(part, text=part.text.strip()) if isinstance(part, Phrase) else part
            for part in self._parts
            if not isinstance(part, Phrase) or part.text.strip()
        )

    def take(self, element: Element, manner: Phrase) -> None:
        for part in element.content:
            if isinstance(part, str):
                self._say(part, manner)
            else:
                self._element(part, manner)

    def _element(self, element: Element, manner: Phrase) -> None:
        match element.name:
            case "break":
                self._rest(_break_ms(element))
            case "p" | "s":
                self.take(element, manner)
                self._rest(_PARAGRAPH_MS if element.name == "p" else _SENTENCE_MS)
            case "sub":
                self._say(element.attributes.get("alias") or element.text, manner)
            case "say-as":
                self._say(_said_as(element), manner)
            case "prosody":
                self.take(element, _prosody(element, manner))
            case "emphasis":
                rate, volume_db = _EMPHASIS.get(element.attributes.get("level", "moderate"), (1.0, 0.0))
                self.take(element, _changed(manner, rate=manner.rate * rate, volume_db=manner.volume_db + volume_db))
            case "lang":
                language = element.attributes.get("xml:lang", "") or manner.language
                self.take(element, msgspec.structs.replace(manner, language=language))
            case _:
                self.take(element, manner)

    def _say(self, text: str, manner: Phrase) -> None:
        words = re.sub(r"\s+", " ", text)
        if not words.strip() and not (self._parts and isinstance(self._parts[-1], Phrase)):
            return
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Phrase) and msgspec.structs.replace(last, text="") == manner:
            joined = re.sub(r" {2,}", " ", last.text + words)
            self._parts[-1] = msgspec.structs.replace(last, text=joined)
        else:
            self._parts.append(msgspec.structs.replace(manner, text=words))

    def _rest(self, length_ms: int) -> None:
        if not length_ms:
            return
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Break):
            self._parts[-1] = Break(min(max(last.length_ms, length_ms), MAX_BREAK_MS))
        else:
            self._parts.append(Break(length_ms))


def _break_ms(element: Element) -> int:
    time = _TIME.fullmatch(element.attributes.get("time", "").strip())
    if time is not None:
        return min(round(float(time[1]) * (1 if time[2] == "ms" else 1_000)), MAX_BREAK_MS)
    return _BREAKS_MS.get(element.attributes.get("strength", "medium"), _BREAKS_MS["medium"])


def _said_as(element: Element) -> str:
    """What voices would read as one number or word, spelled where it is to be heard one by one."""
    kind = element.attributes.get("interpret-as", "")
    text = element.text.strip()
    if kind in _ONE_BY_ONE:
        return " " + ", ".join(part for part in text if not part.isspace()) + " "
    if kind == "telephone":
        groups = [group for group in re.split(r"[^0-9+]+", text) if group]
        return " " + ", ".join(" ".join("plus" if key == "+" else key for key in group) for group in groups) + " "
    return text


def _prosody(element: Element, manner: Phrase) -> Phrase:
    rate, volume = element.attributes.get("rate", "").strip(), element.attributes.get("volume", "").strip()
    percent, decibel = _PERCENT.fullmatch(rate), _DECIBEL.fullmatch(volume)
    factor = float(percent[1]) / 100 if percent is not None else _RATES.get(rate, 1.0)
    added_db = float(decibel[1]) if decibel is not None else _VOLUMES_DB.get(volume, 0.0)
    return _changed(manner, rate=manner.rate * factor, volume_db=manner.volume_db + added_db)


def _changed(manner: Phrase, *, rate: float, volume_db: float) -> Phrase:
    return msgspec.structs.replace(
        manner, rate=min(max(rate, _MIN_RATE), _MAX_RATE), volume_db=min(max(volume_db, -96.0), 12.0)
    )
