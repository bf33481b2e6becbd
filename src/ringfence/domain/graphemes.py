"""Where a text may be cut without breaking what a reader sees as one character.

Keeps together: combining marks, variation selectors, emoji with skin tone, emoji joined by U+200D, flags
(regional indicators in pairs, tag sequences), keycaps and Hangul syllables written in jamo. The rare
prepended marks of some Indic scripts are not kept.

Source: Unicode Standard Annex #29, rules GB3–GB13.
"""

import functools
import unicodedata

# What a character does at a boundary (UAX #29, Grapheme_Cluster_Break). Plain strings: an Enum hashes ten times
# slower, and this runs for each character of a long text.
OTHER = "other"
CONTROL = "control"
EXTEND = "extend"
JOINER = "joiner"
PICTOGRAPH = "pictograph"
REGIONAL = "regional"
LEADING = "leading"
VOWEL = "vowel"
TRAILING = "trailing"
OPEN_SYLLABLE = "open syllable"
CLOSED_SYLLABLE = "closed syllable"


_RANGES: tuple[tuple[str, str, str], ...] = (
    ("\u1100", "\u115f", LEADING),
    ("\u1160", "\u11a7", VOWEL),
    ("\u11a8", "\u11ff", TRAILING),
    ("\u2190", "\u2bff", PICTOGRAPH),  # the arrows and symbols that emoji sequences use: ♂ ❤ ⚕
    ("\U0001f1e6", "\U0001f1ff", REGIONAL),
    ("\U0001f3fb", "\U0001f3ff", EXTEND),  # skin tones
    ("\U0001f000", "\U0001faff", PICTOGRAPH),
    ("\U000e0020", "\U000e007f", EXTEND),  # tags of subdivision flags
)

# Pairs between which no boundary lies, beside what follows any character (EXTEND, JOINER).
_JOINED: frozenset[tuple[str, str]] = frozenset(
    {
        (JOINER, PICTOGRAPH),
        (LEADING, LEADING),
        (LEADING, VOWEL),
        (LEADING, OPEN_SYLLABLE),
        (LEADING, CLOSED_SYLLABLE),
        (OPEN_SYLLABLE, VOWEL),
        (OPEN_SYLLABLE, TRAILING),
        (VOWEL, VOWEL),
        (VOWEL, TRAILING),
        (CLOSED_SYLLABLE, TRAILING),
        (TRAILING, TRAILING),
        (REGIONAL, REGIONAL),
    }
)


def graphemes(text: str) -> list[str]:
    """`text` cut into grapheme clusters; joined again they are `text`. A CR LF pair is two clusters."""
    clusters: list[str] = []
    start = 0
    before = CONTROL
    for position, char in enumerate(text):
        kind = _break_of(char)
        if kind in (EXTEND, JOINER):
            joined = before != CONTROL
        else:
            joined = (before, kind) in _JOINED
        if not joined and position:
            clusters.append(text[start:position])
            start = position
        # Flags pair up: after the second indicator the next one begins a flag of its own.
        before = OTHER if joined and kind == REGIONAL else kind
    if text:
        clusters.append(text[start:])
    return clusters


@functools.lru_cache(maxsize=4096)
def _break_of(char: str) -> str:
    if "\uac00" <= char <= "\ud7a3":
        # Every 28th syllable is open, that is, has no trailing consonant yet.
        return CLOSED_SYLLABLE if (ord(char) - 0xAC00) % 28 else OPEN_SYLLABLE
    if char == "\u200d":
        return JOINER
    for first, last, kind in _RANGES:
        if first <= char <= last:
            return kind
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Mc") or char == "\u200c":
        return EXTEND
    return CONTROL if category in ("Cc", "Zl", "Zp") else OTHER
