"""The verbs of a call that run, with their attributes read: a document becomes a list of things to do.

A value that makes no sense is warned of and its default taken, as Twilio does; what a verb cannot do without makes it
left out. A verb or noun that is known but does not run yet is warned of by name, never silently skipped.

Source: Twilio, "TwiML for Programmable Voice", each verb's page; errors 12200, 13210–13910 and 14103.
"""

from typing import Literal

import msgspec

from ringfence.domain.twiml.document import Element, Method, TwimlWarning
from ringfence.domain.twiml.schema import NOT_IN_SCHEMA
from ringfence.domain.twiml.voice_attributes import Attributes
from ringfence.domain.twiml.voice_schema import VOICE_ELEMENTS, warnings

MAX_LOOP = 1_000
MAX_PARTIES = 10
MAX_SMS_CHARACTERS = 1_600
_EVERY_KEY = "1234567890*#"


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is reported: an absolute or relative URL, and the events asked for in the order given."""

    url: str
    method: Method = "POST"
    events: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Callback(…)"


class Say(msgspec.Struct, frozen=True, kw_only=True):
    """Speech: `content` is the element, text and SSML; `loop` 0 goes on until the call or the Gather ends."""

    content: Element
    voice: str = "man"
    language: str = ""
    loop: int = 1


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """A sound from a URL (absolute or relative), or `digits` as tones, where `w` waits half a second."""

    url: str = ""
    digits: str = ""
    loop: int = 1

    def __repr__(self) -> str:
        return "Play(…)"


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Silence."""

    length_s: int = 1


Prompt = Say | Play | Pause


class Gather(msgspec.Struct, frozen=True, kw_only=True):
    """Keys to collect while prompts play. `finish_on_key` "" is none; `action` "" is the current document."""

    prompts: tuple[Prompt, ...] = ()
    action: str = ""
    method: Method = "POST"
    timeout_s: int = 5
    finish_on_key: str = "#"
    num_digits: int | None = None
    action_on_empty_result: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A recording of the caller, until silence of `timeout_s`, a key of `finish_on_key`, `max_length_s` or the end."""

    action: str = ""
    method: Method = "POST"
    timeout_s: int = 5
    finish_on_key: str = _EVERY_KEY
    max_length_s: int = 3_600
    play_beep: bool = True
    trim: bool = True
    callback: Callback | None = None


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Someone to ring: a number, a SIP URI or a client's identity; `url` is what they hear before they are joined."""

    kind: Literal["number", "sip", "client"]
    address: str
    url: str = ""
    method: Method = "POST"
    send_digits: str = ""
    username: str = ""
    password: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    callback: Callback | None = None

    def __repr__(self) -> str:
        return f"Party({self.kind})"


class Dial(msgspec.Struct, frozen=True, kw_only=True):
    """Parties to ring, at once or one after the other, and to join with the caller."""

    parties: tuple[Party, ...]
    action: str | None = None
    method: Method = "POST"
    timeout_s: int = 30
    time_limit_s: int = 14_400
    hangup_on_star: bool = False
    caller_id: str = ""
    answer_on_bridge: bool = False
    sequential: bool = False
    ring_tone: str = ""
    record: str = "do-not-record"
    recording_track: str = "both"
    trim: bool = False
    recording_callback: Callback | None = None

    def __repr__(self) -> str:
        return f"Dial({len(self.parties)} parties)"


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """Go on with the document at `url`, absolute or relative; "" is the same one again."""

    url: str = ""
    method: Method = "POST"

    def __repr__(self) -> str:
        return "Redirect(…)"


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Refuse the call without answering it."""

    reason: Literal["rejected", "busy"] = "rejected"


class Hangup(msgspec.Struct, frozen=True):
    """End the call."""


class Sms(msgspec.Struct, frozen=True, kw_only=True):
    """A text to send during the call; without `to` it goes to the caller."""

    body: str
    to: str = ""
    sender: str = ""
    action: str | None = None
    method: Method = "POST"
    status_callback: str = ""

    def __repr__(self) -> str:
        return "Sms(…)"


VoiceVerb = Prompt | Gather | Record | Dial | Redirect | Reject | Hangup | Sms


class VoiceDocument(msgspec.Struct, frozen=True):
    """What a document asks for, in order, and what of it was left out."""

    verbs: tuple[VoiceVerb, ...] = ()
    warnings: tuple[TwimlWarning, ...] = ()


def read_voice_document(root: Element) -> VoiceDocument:
    """The verbs of a parsed document."""
    left_out = warnings(root)
    verbs = [verb for element in root.children if (verb := _read(element, left_out)) is not None]
    return VoiceDocument(tuple(verbs), tuple(left_out))


def _read(element: Element, left_out: list[TwimlWarning]) -> VoiceVerb | None:
    attributes = Attributes(element, left_out)
    match element.name:
        case "Say" | "Play" | "Pause":
            return _prompt(element, attributes, left_out)
        case "Gather":
            return _gather(element, attributes, left_out)
        case "Record":
            return _record(attributes)
        case "Dial":
            return _dial(element, attributes, left_out)
        case "Redirect":
            return Redirect(url=element.text.strip(), method=attributes.method(13710))
        case "Reject":
            return Reject(reason="busy" if attributes.text("reason") == "busy" else "rejected")
        case "Hangup":
            return Hangup()
        case "Sms":
            return _sms(element, attributes, left_out)
    if element.name in VOICE_ELEMENTS:
        _does_not_run(element, left_out)
    return None


def _prompt(element: Element, attributes: Attributes, left_out: list[TwimlWarning]) -> Prompt | None:
    if element.name == "Pause":
        return Pause(length_s=attributes.whole("length", 1, code=13910, least=0))
    if element.name == "Play":
        digits, url = attributes.digits("digits", 13420), element.text.strip()
        if not digits and not url:
            left_out.append(TwimlWarning(NOT_IN_SCHEMA, "Play has no URL and no digits", element.line, element.column))
            return None
        return Play(url=url, digits=digits, loop=_loop(attributes, 13410))
    if not element.text.strip() and not element.children:
        left_out.append(TwimlWarning(13520, "Say has no text", element.line, element.column))
        return None
    return Say(
        content=element,
        voice=attributes.text("voice") or "man",
        language=attributes.text("language"),
        loop=_loop(attributes, 13510),
    )


def _gather(element: Element, attributes: Attributes, left_out: list[TwimlWarning]) -> Gather:
    if "speech" in attributes.text("input").split():
        attributes.warn(NOT_IN_SCHEMA, "Gather does not listen to speech yet: only keys are collected")
    prompts = [
        prompt
        for child in element.children
        if child.name in {"Say", "Play", "Pause"}
        and (prompt := _prompt(child, Attributes(child, left_out), left_out)) is not None
    ]
    return Gather(
        prompts=tuple(prompts),
        action=attributes.text("action"),
        method=attributes.method(13312),
        timeout_s=attributes.whole("timeout", 5, code=13313, least=1),
        finish_on_key=attributes.keys("finishOnKey", "#", code=13310, most=1),
        num_digits=attributes.whole("numDigits", 0, code=13314, least=1) or None,
        action_on_empty_result=attributes.flag("actionOnEmptyResult", default=False),
    )


def _record(attributes: Attributes) -> Record:
    if attributes.flag("transcribe", default=False, code=13614) or attributes.text("transcribeCallback"):
        attributes.warn(NOT_IN_SCHEMA, "Record does not transcribe yet")
    return Record(
        action=attributes.text("action"),
        method=attributes.method(13610),
        timeout_s=attributes.whole("timeout", 5, code=13611, least=0),
        finish_on_key=attributes.keys("finishOnKey", _EVERY_KEY, code=13613, most=len(_EVERY_KEY)),
        max_length_s=attributes.whole("maxLength", 3_600, code=13612, least=1, most=14_400),
        play_beep=attributes.flag("playBeep", default=True, code=13616),
        trim=attributes.one_of("trim", ("trim-silence", "do-not-trim")) == "trim-silence",
        callback=_callback(attributes, "recordingStatusCallback", ("completed",)),
    )


def _dial(element: Element, attributes: Attributes, left_out: list[TwimlWarning]) -> Dial | None:
    parties = _parties(element, left_out)
    if not parties:
        attributes.warn(13215, "Dial has nobody to ring")
        return None
    if len(parties) > MAX_PARTIES:
        attributes.warn(13250, f"Dial rings at most {MAX_PARTIES} parties")
    for name in ("passports", "referUrl", "referMethod", "events"):
        if attributes.text(name):
            attributes.warn(NOT_IN_SCHEMA, f"Dial does not support {name} yet")
    return Dial(
        parties=tuple(parties[:MAX_PARTIES]),
        action=element.attributes.get("action"),
        method=attributes.method(13210),
        timeout_s=attributes.whole("timeout", 30, code=13212, least=1, most=600),
        time_limit_s=attributes.whole("timeLimit", 14_400, code=13216, least=1, most=86_400),
        hangup_on_star=attributes.flag("hangupOnStar", default=False, code=13213),
        caller_id=attributes.text("callerId"),
        answer_on_bridge=attributes.flag("answerOnBridge", default=False),
        sequential=attributes.flag("sequential", default=False),
        ring_tone=attributes.text("ringTone"),
        record=attributes.one_of(
            "record",
            (
                "do-not-record",
                "true",
                "record-from-answer",
                "record-from-ringing",
                "record-from-answer-dual",
                "record-from-ringing-dual",
            ),
        ),
        recording_track=attributes.one_of("recordingTrack", ("both", "inbound", "outbound")),
        trim=attributes.one_of("trim", ("do-not-trim", "trim-silence")) == "trim-silence",
        recording_callback=_callback(attributes, "recordingStatusCallback", ("completed",)),
    )


def _parties(element: Element, left_out: list[TwimlWarning]) -> list[Party]:
    """The nouns of a Dial; its own text is a number where it has none."""
    found: list[Party] = []
    for child in element.children:
        if child.name in {"Number", "Sip", "Client"}:
            party = _party(child, left_out)
            if party is not None:
                found.append(party)
        elif child.name in VOICE_ELEMENTS["Dial"].children:
            _does_not_run(child, left_out)
    number = element.text.strip()
    return found or ([Party(kind="number", address=number)] if number else [])


def _party(element: Element, left_out: list[TwimlWarning]) -> Party | None:
    attributes = Attributes(element, left_out)
    identities = [child.text.strip() for child in element.children if child.name == "Identity"]
    uris = [child.text.strip() for child in element.children if child.name == "Uri"]
    address = next(filter(None, [*identities, *uris]), element.text.strip())
    kinds: dict[str, tuple[Literal["number", "sip", "client"], int, int]] = {
        "Number": ("number", 13221, 13223),
        "Sip": ("sip", 13241, 13243),
        "Client": ("client", 13221, NOT_IN_SCHEMA),
    }
    kind, method_code, empty_code = kinds[element.name]
    if not address:
        attributes.warn(empty_code, f"{element.name} is empty")
        return None
    for name in ("byoc", "machineDetection"):
        if attributes.text(name):
            attributes.warn(NOT_IN_SCHEMA, f"{element.name} does not support {name} yet")
    return Party(
        kind=kind,
        address=address,
        url=attributes.text("url"),
        method=attributes.method(method_code),
        send_digits=attributes.digits("sendDigits", 13222),
        username=attributes.text("username"),
        password=attributes.text("password"),
        parameters=tuple(
            (child.attributes.get("name", ""), child.attributes.get("value", ""))
            for child in element.children
            if child.name == "Parameter" and child.attributes.get("name")
        ),
        callback=_callback(attributes, "statusCallback", ("completed",)),
    )


def _sms(element: Element, attributes: Attributes, left_out: list[TwimlWarning]) -> Sms | None:
    body = element.text.strip()
    if not body or len(body) > MAX_SMS_CHARACTERS:
        reason = f"Sms needs a body of 1 to {MAX_SMS_CHARACTERS} characters"
        left_out.append(TwimlWarning(14103, reason, element.line, element.column))
        return None
    return Sms(
        body=body,
        to=attributes.text("to"),
        sender=attributes.text("from"),
        action=element.attributes.get("action"),
        method=attributes.method(14104),
        status_callback=attributes.text("statusCallback"),
    )


def _callback(attributes: Attributes, name: str, events: tuple[str, ...]) -> Callback | None:
    url = attributes.text(name)
    if not url:
        return None
    asked = tuple(attributes.text(f"{name}Event").replace(",", " ").split())
    return Callback(url=url, method=attributes.method(NOT_IN_SCHEMA, f"{name}Method"), events=asked or events)


def _loop(attributes: Attributes, code: int) -> int:
    return attributes.whole("loop", 1, code=code, least=0, most=MAX_LOOP)


def _does_not_run(element: Element, left_out: list[TwimlWarning]) -> None:
    reason = f"{element.name} is not supported yet and is skipped"
    left_out.append(TwimlWarning(NOT_IN_SCHEMA, reason, element.line, element.column))
