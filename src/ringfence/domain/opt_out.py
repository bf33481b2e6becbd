"""STOP, START and HELP: what a handset's answer asks for, and what it is told.

Source: Twilio, "Twilio support for opt-out keywords (SMS STOP filtering)"; CTIA, "Messaging principles and
best practices", section 5.1.3.
"""

from enum import StrEnum

import msgspec


class OptOut(StrEnum):
    """What a keyword asks for, spelled as the webhook's OptOutType spells it."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


class Keyword(msgspec.Struct, frozen=True):
    """A keyword's meaning. With `only_when_opted_out` it is an ordinary text unless the pair has opted out."""

    kind: OptOut
    only_when_opted_out: bool = False


STOP_KEYWORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_KEYWORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_KEYWORDS = frozenset({"HELP", "INFO"})

_KEYWORDS: dict[str, Keyword] = {
    **dict.fromkeys(STOP_KEYWORDS, Keyword(OptOut.STOP)),
    **dict.fromkeys(START_KEYWORDS, Keyword(OptOut.START)),
    **dict.fromkeys(HELP_KEYWORDS, Keyword(OptOut.HELP)),
    # An answer in its own right ("Reply YES or NO"): it must not greet a subscriber as new.
    "YES": Keyword(OptOut.START, only_when_opted_out=True),
}
_LONGEST = max(map(len, _KEYWORDS))

_REPLIES: dict[OptOut, str] = {
    OptOut.STOP: (
        "You are unsubscribed and will get no further messages from this number. "
        "Reply START to get them again, or HELP for help."
    ),
    OptOut.START: (
        "You are subscribed again and will get messages from this number. "
        "Reply HELP for help, or STOP to unsubscribe. Msg&Data rates may apply."
    ),
    OptOut.HELP: "Reply STOP to unsubscribe from this number. Msg&Data rates may apply.",
}


def classify(body: str) -> Keyword | None:
    """The keyword that the whole body is, white space around it and case aside; None for any other text.

    One more word makes a text an ordinary one ("STOP please").
    """
    word = body.strip()
    # isascii: upper() would make a keyword of look-alikes such as "ſtop".
    if len(word) > _LONGEST or not word.isascii():
        return None
    return _KEYWORDS.get(word.upper())


def reply_text(kind: OptOut) -> str:
    """What the handset is told: one segment, and the way back is in it."""
    return _REPLIES[kind]
