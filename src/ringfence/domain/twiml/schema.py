"""Which elements and attributes TwiML for messaging knows, and the warnings for all others.

A document that strays from the schema still runs, as Twilio runs it: what is unknown is left out and warned of.

Source: Twilio, "TwiML for Programmable Messaging", "TwiML SMS: Message" and "Redirect"; error 12200.
"""

import msgspec

from ringfence.domain.twiml.document import Element, TwimlWarning


class Verb(msgspec.Struct, frozen=True):
    """What an element may hold: attributes, and child elements by name."""

    attributes: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()


_MESSAGE_ATTRIBUTES = frozenset({"to", "from", "action", "method", "statusCallback"})

# Sms is the verb's name until 2013; programs of that age still answer with it.
MESSAGING_VERBS: dict[str, Verb] = {
    "Message": Verb(_MESSAGE_ATTRIBUTES, frozenset({"Body", "Media"})),
    "Sms": Verb(_MESSAGE_ATTRIBUTES),
    "Redirect": Verb(frozenset({"method"})),
}
MESSAGING_NOUNS: dict[str, Verb] = {"Body": Verb(), "Media": Verb()}

# Known by name, so that the warning can say what they are; a text cannot run them.
VOICE_VERBS = frozenset(
    {
        "Connect", "Dial", "Echo", "Enqueue", "Gather", "Hangup", "Leave", "Pause", "Pay", "Play", "Prompt", "Queue",
        "Record", "Refer", "Reject", "Say", "Start", "Stop",
    }
)  # fmt: skip

NOT_IN_SCHEMA = 12200
VOICE_IN_MESSAGING = 14110


def warnings(root: Element) -> list[TwimlWarning]:
    """What in a messaging document the schema does not know, in the order of the document."""
    found = _unknown_attributes(root, Verb(frozenset({"version"})))
    for element in root.children:
        verb = MESSAGING_VERBS.get(element.name)
        if verb is None:
            found.append(_unknown_verb(element))
            continue
        found += _unknown_attributes(element, verb)
        for child in element.children:
            if child.name not in verb.children:
                found.append(_warn(child, f"{child.name} is not allowed in {element.name}"))
                continue
            noun = MESSAGING_NOUNS[child.name]
            found += _unknown_attributes(child, noun)
            found += [_warn(inner, f"{inner.name} is not allowed in {child.name}") for inner in child.children]
    return found


def _unknown_verb(element: Element) -> TwimlWarning:
    if element.name in VOICE_VERBS:
        reason = f"{element.name} is a voice verb and cannot be used in the answer to a text"
        return TwimlWarning(VOICE_IN_MESSAGING, reason, element.line, element.column)
    return _warn(element, f"{element.name} is not a TwiML verb")


def _unknown_attributes(element: Element, verb: Verb) -> list[TwimlWarning]:
    return [
        _warn(element, f"attribute {name} is not allowed in {element.name}")
        for name in element.attributes
        if name not in verb.attributes
    ]


def _warn(element: Element, reason: str) -> TwimlWarning:
    return TwimlWarning(NOT_IN_SCHEMA, reason, element.line, element.column)
