"""Characters that look like one of the GSM 7-bit alphabet, put in its terms: a text of 160 characters stays one SMS.

All or nothing: where a character has no such likeness the text goes as UCS-2 anyway, and is left as it was written.

Source: Twilio, "Smart Encoding"; 3GPP TS 23.038, clause 6.2.1; Unicode, "Halfwidth and Fullwidth Forms".
"""

from ringfence.domain.gsm7 import SEPTETS

_LIKENESSES = {
    '"': "«»“”„‟ʺˮ❝❞〝〞″‶",
    "'": "‘’‚‛ʻʼʽˈʹ´ˊ`ˋ❛❜′‵",
    "-": "‐‑‒–—―−⁃﹘﹣⎯⏤",
    "_": "‗⎽",
    "/": "÷⁄∕⧸",
    "\\": "∖⧵⧹﹨",
    "|": "∣⏐⎸⎹⎜⎟",
    ",": "‚،、﹐",
    ".": "․。﹒",
    ":": "ː˸∶﹕",
    ";": "﹔",
    "!": "ǃ﹗",
    "?": "﹖",
    "#": "♯﹟",
    "$": "﹩",
    "%": "٪﹪",
    "&": "﹠",
    "(": "❨❪⁽﹙",
    ")": "❩❫⁾﹚",
    "*": "⁎∗⊛✢✣✤✥﹡•·",
    "+": "﹢⁺",
    "<": "‹˂﹤",
    ">": "›˃﹥",
    "=": "﹦⁼",
    "@": "﹫",
    "[": "❲⁅",
    "]": "❳⁆",
    "{": "❴﹛",
    "}": "❵﹜",
    "~": "˜∼⁓",
    "^": "ˆ‸",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t",
    "\n": "\u0085\u2028\u2029\u000b",
    "...": "…",
    "..": "‥",
    "!!": "‼",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    "": "\u00ad\u200b\u2060\ufeff",
}
# U+FF01 to U+FF5E are the printable ASCII characters again, at full width.
_FULL_WIDTH = {0xFF01 + code - 0x21: chr(code) for code in range(0x21, 0x7F)}
_FIRST_WINS = {ord(char): like for like, chars in reversed(_LIKENESSES.items()) for char in chars}
_TABLE = _FULL_WIDTH | _FIRST_WINS
_ALPHABET = SEPTETS.keys()


def smart_encode(body: str) -> str:
    """`body` in the GSM 7-bit alphabet, where likenesses bring it there whole; else `body`."""
    if set(body) <= _ALPHABET:
        return body
    # Twice, for what is a full-width form of a likeness: "｀".
    encoded = body.translate(_TABLE).translate(_TABLE)
    return encoded if set(encoded) <= _ALPHABET else body
