"""The answer of a messaging webhook as a list of things to do.

Source: Twilio, "TwiML for Programmable Messaging", sections "Twilio's request to your application" and
"Data formats"; "TwiML SMS: Message" and "Redirect"; errors 12300, 14103 and 14104.
"""

import msgspec

from ringfence.domain.twiml.content_type import PLAIN_TEXT, decode, is_twiml, media_type
from ringfence.domain.twiml.document import Element, Method, TwimlError, TwimlWarning
from ringfence.domain.twiml.parser import MAX_BYTES, parse
from ringfence.domain.twiml.schema import NOT_IN_SCHEMA, warnings

MAX_BODY_CHARACTERS = 1_600
MAX_MEDIA = 10
_INVALID_BODY = 14103
_INVALID_METHOD = 14104


class SendMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A text to send. Without `to` or `sender` it answers the one that came in. URLs may be relative."""

    body: str
    to: str | None = None
    sender: str | None = None
    media_urls: tuple[str, ...] = ()
    action: str | None = None
    method: Method = "POST"
    status_callback: str | None = None

    @property
    def callback(self) -> str | None:
        """Where status callbacks go: `action` is the older name of `statusCallback`."""
        return self.status_callback or self.action

    def __repr__(self) -> str:
        return "SendMessage(…)"


class Redirect(msgspec.Struct, frozen=True):
    """Go on with the document at `url`, absolute or relative; "" is the same one again."""

    url: str
    method: Method = "POST"

    def __repr__(self) -> str:
        return "Redirect(…)"


Action = SendMessage | Redirect


class Answer(msgspec.Struct, frozen=True):
    """What a webhook's answer asks for, in order, and what of it was left out."""

    actions: tuple[Action, ...] = ()
    warnings: tuple[TwimlWarning, ...] = ()


def read_answer(content_type: str | None, body: bytes) -> Answer:
    """The actions of a 2xx answer with this Content-Type header.

    An empty body asks for nothing; text/plain is one message; XML and HTML types are TwiML. TwimlError: 11750 over
    64 kB, 12300 for any other type or none, 12100 and 12102 as `parse`.
    """
    if len(body) > MAX_BYTES:
        raise TwimlError(11750, f"the answer is larger than {MAX_BYTES // 1024} kB")
    if not body.strip():
        return Answer()
    essence, charset = media_type(content_type or "")
    if essence == PLAIN_TEXT:
        return _plain_answer(decode(body, charset or "utf-8"))
    if is_twiml(essence):
        return read_document(parse(decode(body, charset) if charset else body))
    raise TwimlError(12300, "the Content-Type is not one that can answer a text")


def read_document(root: Element) -> Answer:
    """The actions of a parsed document; verbs after a Redirect are never reached."""
    actions: list[Action] = []
    left_out = warnings(root)
    for element in root.children:
        if element.name in ("Message", "Sms"):
            message = _message(element, left_out)
            if message is not None:
                actions.append(message)
        elif element.name == "Redirect":
            actions.append(Redirect(element.text.strip(), _method(element, left_out)))
            break
    return Answer(tuple(actions), tuple(left_out))


def _plain_answer(text: str) -> Answer:
    body = text.strip()
    if len(body) > MAX_BODY_CHARACTERS:
        return Answer(warnings=(TwimlWarning(_INVALID_BODY, _too_long(), 1, 1),))
    return Answer((SendMessage(body=body),))


def _message(element: Element, left_out: list[TwimlWarning]) -> SendMessage | None:
    """One Message or Sms; None, with a warning, when it has nothing to send or too much."""
    method = _method(element, left_out)
    nouns = element.children if element.name == "Message" else ()
    bodies = [child.text.strip() for child in nouns if child.name == "Body"]
    media_urls = [url for child in nouns if child.name == "Media" and (url := child.text.strip())]
    body = "\n".join(filter(None, bodies)) if bodies else element.text.strip()
    if not body and not media_urls:
        left_out.append(TwimlWarning(_INVALID_BODY, "a message has no body and no media", element.line, element.column))
        return None
    if len(body) > MAX_BODY_CHARACTERS:
        left_out.append(TwimlWarning(_INVALID_BODY, _too_long(), element.line, element.column))
        return None
    if len(media_urls) > MAX_MEDIA:
        reason = f"a message holds {MAX_MEDIA} media at most"
        left_out.append(TwimlWarning(NOT_IN_SCHEMA, reason, element.line, element.column))
    attributes = element.attributes
    return SendMessage(
        body=body,
        to=attributes.get("to") or None,
        sender=attributes.get("from") or None,
        media_urls=tuple(media_urls[:MAX_MEDIA]),
        action=attributes.get("action") or None,
        method=method,
        status_callback=attributes.get("statusCallback") or None,
    )


def _method(element: Element, left_out: list[TwimlWarning]) -> Method:
    match element.attributes.get("method", "POST").upper():
        case "GET":
            return "GET"
        case "POST":
            return "POST"
    left_out.append(TwimlWarning(_INVALID_METHOD, "method must be GET or POST", element.line, element.column))
    return "POST"


def _too_long() -> str:
    return f"a body holds {MAX_BODY_CHARACTERS} characters at most"
