"""Reply buttons, from texts as businesses write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.replies import MAX_LABEL_CHARACTERS, MAX_REPLIES, suggest_replies


def buttons(body):
    return [(reply.send, reply.label) for reply in suggest_replies(body)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Haircut Tue 15:00. Reply C to confirm, X to cancel.", [("C", "Confirm"), ("X", "Cancel")]),
        ("Reply C to confirm or X to cancel", [("C", "Confirm"), ("X", "Cancel")]),
        ("Reply C to confirm. X to cancel.", [("C", "Confirm"), ("X", "Cancel")]),
        ("Reply YES or NO", [("YES", "Yes"), ("NO", "No")]),
        ("Please reply with Y or N.", [("Y", "Yes"), ("N", "No")]),
        ("reply y/n", []),
        ("Still coming? (Y/N)", [("Y", "Yes"), ("N", "No")]),
        ("Still coming? YES or NO", [("YES", "Yes"), ("NO", "No")]),
        ("Reply 1 for Monday, 2 for Tuesday, 3 for neither", [("1", "Monday"), ("2", "Tuesday"), ("3", "Neither")]),
        ("Text 1 = yes, 2 = no", [("1", "Yes"), ("2", "No")]),
        ("Press 1: sales; 2: support", [("1", "Sales"), ("2", "Support")]),
        ("Reply A - morning, B - evening", [("A", "Morning"), ("B", "Evening")]),
        ("Reply\nC to confirm\nX to cancel", [("C", "Confirm"), ("X", "Cancel")]),
        ("Reply STOP to unsubscribe", [("STOP", "Unsubscribe")]),
        ("Text STOP to 12345", [("STOP", "Stop")]),
        ("Text STOP to opt out, HELP for help.", [("STOP", "Opt out"), ("HELP", "Help")]),
        ("Reply HELP for help or STOP to unsubscribe. Msg&Data rates may apply.",
         [("HELP", "Help"), ("STOP", "Unsubscribe")]),
        ("To confirm, reply C. To cancel, reply X.", [("C", "Confirm"), ("X", "Cancel")]),
        ("To opt out please text STOP", [("STOP", "Opt out")]),
        ('Reply "confirm" or "cancel"', [("confirm", "Confirm"), ("cancel", "Cancel")]),
        ("Reply ‘R’ to reschedule", [("R", "Reschedule")]),
        ("Reply [C] to confirm", [("C", "Confirm")]),
        ("Reply back with the word JOIN!", [("JOIN", "Join")]),
        ("Reply to this message with YES", [("YES", "Yes")]),
        ("Reply to this text: YES/NO", [("YES", "Yes"), ("NO", "No")]),
        ("Respond 4521 to approve", [("4521", "Approve")]),
        ("Reply 4521.", [("4521", "4521")]),
        ("Reply C1 to confirm", [("C1", "Confirm")]),
        ("Reply C to confirm and pay at the door, X to cancel", [("C", "Confirm and pay at the…"), ("X", "Cancel")]),
        ("Reply C to confirm. Reply X to cancel. Reply C to confirm twice.", [("C", "Confirm"), ("X", "Cancel")]),
        ("Reply YES if you're coming", [("YES", "You're coming")]),
        ("Reply R to move it & X to cancel", [("R", "Move it"), ("X", "Cancel")]),
        ("Respond 4521.", [("4521", "4521")]),
        ("Answer 4521.", [("4521", "4521")]),
        ("Text 12.", [("12", "12")]),
        ("Do not reply here. Reply YES", [("YES", "Yes")]),
        ("Reply C to 'confirm', X to 'cancel'", [("C", "Confirm"), ("X", "Cancel")]),
        ("Reply C to confirm. X.", [("C", "Confirm")]),
        ("Reply C to confirm. NASA", [("C", "Confirm")]),
        ('Reply "I" to confirm', [("I", "Confirm")]),
    ],
)  # fmt: skip
def test_what_is_offered(body, expected):
    assert buttons(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Hello! See you at 15:00.",
        "Your code is 123456. Do not reply to this message.",
        "Don't text STOP, it does nothing",
        "Please do not reply YES",
        "The answer: 42.",
        "Reply to this message if you are late",
        "Reply ASAP",
        "Reply ASAP to this message.",
        "Text 12345 now",
        "Text 5551234.",
        "Send 20 USD to John",
        "Text MOM when you arrive",
        "Reply and we will call",
        "I will reply I think",
        "Reply I think",
        "your reply 1",
        "Context: STOP",
        "replying YES",
        "A reply from NASA",
        "Confirm (MAY/JUNE)",
        "EYES/NOSE",
        "in reply A",
        "Text 123.",
        *(f"Reply {word}." for word in ("ASAP", "I", "IF", "IN", "ME", "NOW", "THE", "TO", "TODAY", "US")),
        *(f"Reply {word}." for word in ("WITH", "YOUR")),
    ],
)
def test_an_ordinary_text_offers_nothing(body):
    assert buttons(body) == []


def test_at_most_six():
    body = "Reply " + ", ".join(f"{letter} for {letter}x" for letter in "ABCDEFGH")
    assert [send for send, _ in buttons(body)] == list("ABCDEF")
    assert len(buttons(". ".join(f"Reply {letter} to x" for letter in "ABCDEFGH"))) == MAX_REPLIES == 6


def test_a_long_meaning_is_cut_between_words():
    assert buttons("Reply C to " + "x" * 24) == [("C", "X" + "x" * 23)]
    assert buttons("Reply C to " + "x" * 25) == [("C", "X" + "x" * 22 + "…")]
    assert buttons("Reply C to move the visit to next week") == [("C", "Move the visit to next…")]


invitations = st.lists(
    st.sampled_from(["Reply ", "text ", "C", "X", "STOP", " to ", "confirm", ", ", " or ", ". ", "12", '"', "(", ")",
                     "\n", "=", " - ", "don't ", "yes", "é", "to this message ", "😀"]),
    max_size=30,
).map("".join)  # fmt: skip


@given(invitations)
def test_buttons_are_few_short_distinct_and_from_the_text(body):
    replies = suggest_replies(body)
    assert len(replies) <= MAX_REPLIES
    assert len({reply.send.upper() for reply in replies}) == len(replies)
    for reply in replies:
        assert reply.send in body
        assert reply.send.isalnum()
        assert 1 <= len(reply.label) <= MAX_LABEL_CHARACTERS


def test_long_hostile_texts_take_no_time():
    for body in (
        "Reply " * 300,
        "Reply C to " * 150,
        "reply " + "A, " * 500,
        "to " * 500 + "reply C",
        "Reply C to " + "x " * 700,
    ):
        assert len(suggest_replies(body)) <= MAX_REPLIES
