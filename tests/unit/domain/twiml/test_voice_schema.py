"""What TwiML for voice knows, held against Twilio's own helper library, and what it says of everything else."""

import ast
import inspect
import re

import pytest
from twilio.twiml import voice_response

from ringfence.domain.twiml.parser import parse
from ringfence.domain.twiml.voice_schema import VOICE_ELEMENTS, VOICE_VERBS, warnings

# The argument of each that is the element's text, not an attribute.
TEXT = frozenset(
    {
        ("Application", "application_sid"), ("ApplicationSid", "sid"), ("Autopilot", "name"), ("Client", "identity"),
        ("Conference", "name"), ("Dial", "number"), ("Enqueue", "name"), ("Identity", "client_identity"),
        ("Number", "phone_number"), ("Play", "url"), ("Queue", "name"), ("Redirect", "url"), ("Room", "name"),
        ("Say", "message"), ("Sim", "sim_sid"), ("Sip", "sip_url"), ("Sms", "message"), ("Task", "body"),
        ("Uri", "sip_url"), ("WhatsApp", "phone_number"),
    }
)  # fmt: skip


def attribute(argument: str) -> str:
    if argument in {"xml_lang", "interpret_as"}:
        return {"xml_lang": "xml:lang", "interpret_as": "interpret-as"}[argument]
    first, *rest = argument.rstrip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def library() -> dict[str, frozenset[str]]:
    """Every voice element of the helper library, with the attributes that the methods which nest it take."""
    tree = ast.parse(inspect.getsource(voice_response))
    names: dict[str, str] = {}
    found: dict[str, set[str]] = {}
    for known in tree.body:
        if isinstance(known, ast.ClassDef) and (name := re.search(r"self\.name = ['\"]([^'\"]+)", ast.unparse(known))):
            names[known.name] = name[1]
            found.setdefault(name[1], set())
    for method in ast.walk(tree):
        if not isinstance(method, ast.FunctionDef):
            continue
        nested = re.search(r"self\.(?:nest|append)\((\w+)\(", ast.unparse(method))
        if nested and nested[1] in names and nested[1] != "ReferSip":
            found[names[nested[1]]] |= {one.arg for one in method.args.args} - {"self", "words"}
    del found["Response"]
    return {
        name: frozenset(attribute(one) for one in arguments if (name, one) not in TEXT)
        for name, arguments in found.items()
    }


def test_every_element_and_attribute_of_the_library_is_known_and_no_other() -> None:
    assert {name: known.attributes for name, known in VOICE_ELEMENTS.items()} == library()


def test_every_child_is_an_element_and_every_element_is_somebodys_child() -> None:
    children = frozenset(VOICE_VERBS).union(*(known.children for known in VOICE_ELEMENTS.values()))
    assert children == VOICE_ELEMENTS.keys()


def found(document: str) -> list[tuple[int, str, int, int]]:
    return [(one.code, one.message, one.line, one.column) for one in warnings(parse(document))]


def test_a_document_that_the_library_writes_has_no_warnings() -> None:
    response = voice_response.VoiceResponse()
    gather = response.gather(num_digits=1, action="/menu", finish_on_key="#", action_on_empty_result=True)
    say = gather.say(voice="alice", language="en-GB")
    say.append(voice_response.SsmlProsody("slowly", rate="slow"))
    say.append(voice_response.SsmlLang("bonjour", xml_lang="fr-FR"))
    dial = response.dial(caller_id="+12025550123", answer_on_bridge=True, record="record-from-answer-dual")
    dial.number("+12025550177", send_digits="1", status_callback_event="ringing answered")
    dial.sip("sip:bob@b.example", username="u", password="p")
    dial.client("alice").parameter(name="a", value="b")
    response.refer(action="/r").sip("sip:bob@b.example")
    response.connect().stream(url="wss://x.example").parameter(name="a", value="b")
    response.sms("hi", to="+12025550177", from_="+12025550123")
    assert found(str(response)) == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("<Response><Sing/></Response>", (12200, "Sing is not a TwiML verb", 1, 11)),
        ("<Response>\n  <Say tempo='2'>x</Say></Response>", (12200, "attribute tempo is not allowed in Say", 2, 3)),
        ("<Response><Number/></Response>", (12200, "Number is not allowed in Response", 1, 11)),
        ("<Response><Gather><Dial/></Gather></Response>", (12200, "Dial is not allowed in Gather", 1, 19)),
        (
            "<Response><Say><prosody><Play/></prosody></Say></Response>",
            (12200, "Play is not allowed in prosody", 1, 25),
        ),
        (
            "<Response><Refer><Sip username='u'/></Refer></Response>",
            (12200, "attribute username is not allowed in Sip", 1, 18),
        ),
        ("<Response kind='x'/>", (12200, "attribute kind is not allowed in Response", 1, 1)),
        ("<Response><say/></Response>", (12200, "say is not a TwiML verb", 1, 11)),
    ],
)
def test_what_is_not_known_is_named_with_its_place(document: str, expected: tuple[int, str, int, int]) -> None:
    assert found(document) == [expected]


def test_inside_an_unknown_element_nothing_more_is_said() -> None:
    assert len(found("<Response><Sing loud='1'><Note/></Sing><Say x='1' y='2'/></Response>")) == 3
