"""What messaging TwiML knows, and what it says of the rest."""

import pytest

from ringfence.domain.twiml.parser import parse
from ringfence.domain.twiml.schema import MESSAGING_VERBS, VOICE_VERBS, warnings


@pytest.mark.parametrize(
    "document",
    [
        "<Response/>",
        '<Response version="1"/>',
        "<Response><Message>a</Message></Response>",
        '<Response><Message to="1" from="2" action="3" method="GET" statusCallback="4"><Body>a</Body><Media>b</Media>'
        "</Message><Redirect method='POST'>c</Redirect></Response>",
        '<Response><Sms to="1" from="2" action="3" method="GET" statusCallback="4">a</Sms></Response>',
    ],
)
def test_what_the_schema_knows_draws_no_warning(document):
    assert warnings(parse(document)) == []


@pytest.mark.parametrize(
    ("document", "code", "line", "column", "message"),
    [
        ("<Response a='1'/>", 12200, 1, 1, "attribute a is not allowed in Response"),
        ("<Response>\n <message/></Response>", 12200, 2, 2, "message is not a TwiML verb"),
        ("<Response><Message Body='a'/></Response>", 12200, 1, 11, "attribute Body is not allowed in Message"),
        ("<Response><Message><Say/></Message></Response>", 12200, 1, 20, "Say is not allowed in Message"),
        ("<Response><Message><Body x='1'/></Message></Response>", 12200, 1, 20, "attribute x is not allowed in Body"),
        ("<Response><Message><Body><b/></Body></Message></Response>", 12200, 1, 26, "b is not allowed in Body"),
        ("<Response><Message><Media><b/></Media></Message></Response>", 12200, 1, 27, "b is not allowed in Media"),
        ("<Response><Redirect to='1'/></Response>", 12200, 1, 11, "attribute to is not allowed in Redirect"),
        ("<Response><Sms><Body/></Sms></Response>", 12200, 1, 16, "Body is not allowed in Sms"),
        ("<Response><Body/></Response>", 12200, 1, 11, "Body is not a TwiML verb"),
    ],
)
def test_what_it_does_not_know(document, code, line, column, message):
    (found,) = warnings(parse(document))
    assert (found.code, found.line, found.column, found.message) == (code, line, column, message)
    assert repr(found) == f"TwimlWarning({code}, {line}:{column})"


@pytest.mark.parametrize("verb", sorted(VOICE_VERBS))
def test_voice_verbs_are_named_as_such(verb):
    (found,) = warnings(parse(f"<Response><{verb} voice='x'><Inner/></{verb}></Response>"))
    assert (found.code, found.line, found.column) == (14110, 1, 11)
    assert found.message == f"{verb} is a voice verb and cannot be used in the answer to a text"


def test_all_twenty_voice_verbs_are_known_and_two_run_here():
    # Twilio, "TwiML for Programmable Voice".
    assert {
        "Connect", "Dial", "Echo", "Enqueue", "Gather", "Hangup", "Leave", "Pause", "Pay", "Play", "Prompt", "Queue",
        "Record", "Refer", "Reject", "Say", "Start", "Stop",
    } == VOICE_VERBS  # fmt: skip
    assert set(MESSAGING_VERBS) - {"Message"} == {"Sms", "Redirect"}


def test_warnings_come_in_the_order_of_the_document():
    document = "<Response b='1'><Message c='1'><Say/><Body e='1'/></Message><x/><Redirect d='1'/></Response>"
    found = warnings(parse(document))
    assert [warning.column for warning in found] == sorted(warning.column for warning in found)
    assert len(found) == 6
