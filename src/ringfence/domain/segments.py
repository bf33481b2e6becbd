"""How many SMS a text takes, and what each of them carries, counted as Twilio counts.

GSM-7 when every character is in the default alphabet or its extension table, else UCS-2. One text alone holds
160 septets or 70 UTF-16 code units; concatenated, the header leaves 153 or 67 a part. Parts are filled greedily.
An escape pair, a surrogate pair or a grapheme is never cut, unless a grapheme alone exceeds a part.

Source: 3GPP TS 23.040, clause 9.2.3.24.1; Twilio, "What does 'Segmented Messages' mean?".
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from ringfence.domain.graphemes import graphemes
from ringfence.domain.gsm7 import DEFAULT_ALPHABET, EXTENSION, SEPTETS

Encoding = Literal["GSM-7", "UCS-2"]

GSM7_SINGLE_SEPTETS = 160
GSM7_PART_SEPTETS = 153
UCS2_SINGLE_UNITS = 70
UCS2_PART_UNITS = 67

# bytes.translate deletes these at C speed: what is left of an ASCII text is what costs more than one septet.
_ONE_SEPTET_ASCII = "".join(char for char in DEFAULT_ALPHABET if char.isascii() and char != "\x1b").encode()
_EXTENSION = frozenset(EXTENSION.values())


class Segmentation(msgspec.Struct, frozen=True):
    """A text cut for sending. `units` counts all septets (GSM-7) or UTF-16 code units (UCS-2), headers left out."""

    encoding: Encoding
    count: int
    parts: tuple[str, ...]
    units: int

    def __repr__(self) -> str:
        return f"Segmentation({self.encoding}, {self.count})"


def segment(body: str) -> Segmentation:
    """Cut `body` into its SMS. The parts joined are the body; an empty body is one empty part."""
    if body.isascii() and not body.encode().translate(None, _ONE_SEPTET_ASCII):
        return _segment_plain(body)
    if SEPTETS.keys() >= set(body):
        septets = len(body) + sum(map(body.count, _EXTENSION))
        if septets <= GSM7_SINGLE_SEPTETS:
            return Segmentation("GSM-7", 1, (body,), septets)
        parts = _fill(((char, len(SEPTETS[char])) for char in body), GSM7_PART_SEPTETS)
        return Segmentation("GSM-7", len(parts), parts, septets)
    units = _utf16_units(body)
    if units <= UCS2_SINGLE_UNITS:
        return Segmentation("UCS-2", 1, (body,), units)
    parts = _fill(_unbreakable(body), UCS2_PART_UNITS)
    return Segmentation("UCS-2", len(parts), parts, units)


def _segment_plain(body: str) -> Segmentation:
    """A text in which every character is one septet."""
    septets = len(body)
    if septets <= GSM7_SINGLE_SEPTETS:
        return Segmentation("GSM-7", 1, (body,), septets)
    parts = tuple(body[start : start + GSM7_PART_SEPTETS] for start in range(0, septets, GSM7_PART_SEPTETS))
    return Segmentation("GSM-7", len(parts), parts, septets)


def _utf16_units(text: str) -> int:
    # A lone surrogate cannot be sent, but counting it must not raise.
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _unbreakable(body: str) -> Iterable[tuple[str, int]]:
    """Graphemes with their UTF-16 length; one that no part can hold comes character by character."""
    for cluster in graphemes(body):
        units = _utf16_units(cluster)
        if units <= UCS2_PART_UNITS:
            yield cluster, units
        else:
            yield from ((char, _utf16_units(char)) for char in cluster)


def _fill(pieces: Iterable[tuple[str, int]], capacity: int) -> tuple[str, ...]:
    """Put (text, size) pieces into as few parts as their order allows."""
    parts: list[str] = []
    part: list[str] = []
    free = capacity
    for piece, size in pieces:
        if size > free:
            parts.append("".join(part))
            part = []
            free = capacity
        part.append(piece)
        free -= size
    parts.append("".join(part))
    return tuple(parts)
