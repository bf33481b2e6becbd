"""The answers that a text offers: "Reply C to confirm, X to cancel" offers C (Confirm) and X (Cancel).

A handset draws a button for each. Only what follows an invitation to answer counts, and only a word written as an
answer is (capitals, digits, or in quotes), so that an ordinary text offers nothing.
"""

import re

import msgspec

MAX_REPLIES = 6
MAX_LABEL_CHARACTERS = 24
# Longer numbers after "text" are where to send to, not what to send.
MAX_CHOICE_DIGITS = 2


class Reply(msgspec.Struct, frozen=True):
    """One button: `send` is texted, `label` is shown."""

    send: str
    label: str


_INVITATION = re.compile(
    r"\b(?P<verb>reply|respond|answer|text|txt|send|press|type)\b"
    r"(?:\s+(?:back|with|either|only|us|to this (?:message|text|number)|the (?:word|letter|number)))*\s*:?\s*",
    re.IGNORECASE,
)
# "Do not reply", "your answer: 42": no invitation.
_NOT_INVITED = re.compile(r"\b(?:do not|don['’]t|never|not|no|the|an?|this|your|our|my|in)\s+$", re.IGNORECASE)
# "To confirm, reply C": the meaning stands before.
_PURPOSE = re.compile(r"\bto\s+([^.,;:!?\n]{2,40}?)\s*[,:]?\s*(?:please\s+|just\s+)?$", re.IGNORECASE)

_ANSWER = re.compile(
    r"""["'“‘](?P<quoted>[A-Za-z0-9]{1,12})["'”’]|[\[(]?(?P<plain>[A-Z]{1,12}|[0-9]{1,8}|[A-Z][0-9]|[0-9][A-Z])\b[\])]?"""
)
# What links an answer to its meaning. "STOP to 12345" names a destination.
_MEANS = re.compile(
    r"\s*(?:\b(?:to|for|if|means)\b(?!\s+(?:\+?\d|this\b|us\b|our\b))|[=:]|[-–—](?=\s))\s*", re.IGNORECASE
)
_MEANING = re.compile(r"""["'“‘]?([^\s,;.!?()/|&"“”][^,;.!?()/|&"“”\n]{0,60})""")
# Where a meaning ends and the next answer begins.
_BEFORE_NEXT = re.compile(r"\s+(?:or|and)\s+(?=(?-i:[\"'“‘\[(]?[A-Z0-9]{1,12}\b))", re.IGNORECASE)
_BOUNDARY = re.compile(r"\s*(?:$|[,;.!?()/|&\n]|\b(?:or|and|to)\b)", re.IGNORECASE)
_SEPARATOR = re.compile(r"""["'”’)\]]?\s*(?:(?:[,;/|&.\n]|\bor\b|\band\b)\s*)+""", re.IGNORECASE)
_YES_OR_NO = re.compile(r"(?<![A-Za-z0-9])(YES|Y)\s*(?:/|or)\s*(NO|N)(?![A-Za-z0-9])")

_NO_ANSWERS = frozenset({"ASAP", "I", "IF", "IN", "ME", "NOW", "THE", "TO", "TODAY", "US", "WITH", "YOUR"})
_SPOKEN = {"Y": "Yes", "N": "No"}


def suggest_replies(body: str) -> list[Reply]:
    """The answers offered, in the order of the text; at most MAX_REPLIES, each word once."""
    offered: dict[str, Reply] = {}
    for invitation in _INVITATION.finditer(body):
        before = body[max(0, invitation.start() - 64) : invitation.start()]
        if _NOT_INVITED.search(before):
            continue
        strict = invitation["verb"].lower() not in ("reply", "respond", "answer")
        for reply in _offers(body, invitation.end(), _PURPOSE.search(before), strict=strict):
            offered.setdefault(reply.send.upper(), reply)
    if not offered and (choice := _YES_OR_NO.search(body)):
        offered = {word: Reply(word, _label(word)) for word in choice.groups()}
    return list(offered.values())[:MAX_REPLIES]


def _offers(body: str, position: int, purpose: re.Match[str] | None, *, strict: bool) -> list[Reply]:
    """The answers that one invitation lists from `position` on."""
    replies: list[Reply] = []
    in_new_sentence = False
    while len(replies) < MAX_REPLIES and (answer := _ANSWER.match(body, position)):
        send = answer["quoted"] or answer["plain"]
        position = answer.end()
        meaning, position = _meaning(body, position)
        if not meaning and (in_new_sentence or not _stands_alone(body, position, send, strict=strict)):
            break
        if send.upper() in _NO_ANSWERS and not (meaning and answer["quoted"]):
            break
        if not meaning and not replies and purpose:
            meaning = purpose[1]
        replies.append(Reply(send, _label(meaning or send)))
        separator = _SEPARATOR.match(body, position)
        if separator is None:
            break
        in_new_sentence = "." in separator[0]
        position = separator.end()
    return replies


def _meaning(body: str, position: int) -> tuple[str, int]:
    """What the answer that ends at `position` means, and where that ends; "" when the text does not say."""
    link = _MEANS.match(body, position)
    meaning = _MEANING.match(body, link.end()) if link else None
    if meaning is None:
        return "", position
    end = meaning.end(1)
    if following := _BEFORE_NEXT.search(body, meaning.start(1), end + 16):
        end = min(end, following.start())
    return body[meaning.start(1) : end].strip(" '’"), end


def _stands_alone(body: str, position: int, send: str, *, strict: bool) -> bool:
    """True when a word without a meaning is an answer: nothing that makes it part of a sentence follows."""
    if send.isdigit() and strict and len(send) > MAX_CHOICE_DIGITS:
        return False
    return _BOUNDARY.match(body, position) is not None


def _label(meaning: str) -> str:
    """A meaning as a button shows it."""
    if meaning in _SPOKEN:
        return _SPOKEN[meaning]
    if meaning.isupper() and len(meaning) > 1:
        meaning = meaning.lower()
    label = meaning[:1].upper() + meaning[1:]
    if len(label) <= MAX_LABEL_CHARACTERS:
        return label
    return label[: MAX_LABEL_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"
