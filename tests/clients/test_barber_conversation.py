"""What the shop answers, in Python and in Node: the same words."""

import json
import shutil
import subprocess
from datetime import datetime, time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NODE_PROGRAM = Path(__file__).parents[2] / "examples" / "barber-node"
PHONE = "+12025550177"
CHOICES = "Reply C to confirm, X to cancel, R to reschedule."
# What the customer texts, what the shop says, and what its log says.
CONVERSATION = [
    (
        "what?",
        f"Fade & Co: sorry, we did not get that. {CHOICES}",
        "not understood",
    ),
    ("C", "Fade & Co: confirmed. See you Tue 15:00!", "appointment CONFIRMED"),
    ("yes", "Fade & Co: confirmed. See you Tue 15:00!", "appointment CONFIRMED"),
    (
        "2",
        f"Fade & Co: you have haircut Tue 15:00. {CHOICES}",
        "no offer stands",
    ),
    (
        " r ",
        "Fade & Co: Sam is free 1) Wed 10:30, 2) Thu 12:00, 3) Fri 16:15. Reply 1, 2 or 3.",
        "3 times offered",
    ),
    ("2", "Fade & Co: moved to Thu 12:00 with Sam. See you then!", "appointment RESCHEDULED"),
    ("stop", "", "STOP is answered for us"),
    (
        "x",
        "Fade & Co: your haircut Thu 12:00 is canceled. Hope to see you soon.",
        "appointment CANCELED",
    ),
    (
        "C",
        "Fade & Co: we have no appointment for this number. Drop in any time.",
        "no appointment",
    ),
]


@pytest.fixture
def book(barber: dict[str, ModuleType]) -> Any:
    appointments = barber["appointments"]
    book = appointments.AppointmentBook(barber["app"].book.path)
    book.book(PHONE, "haircut", "Sam", appointments.coming(appointments.TUESDAY, time(15, 0)))
    return book


def test_a_conversation_in_python(barber: dict[str, ModuleType], book: Any) -> None:
    answer = barber["conversation"].answer
    assert [(text, *answer(book, PHONE, text)) for text, *_ in CONVERSATION] == CONVERSATION


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_conversation_in_node() -> None:
    script = """
        import { AppointmentBook } from "./appointments.js";
        import { answer, reminder } from "./conversation.js";
        const [phone, texts] = JSON.parse(process.argv[1]);
        const book = new AppointmentBook();
        book.book(phone, "haircut", "Sam", "Tue 15:00");
        const first = reminder(book.upcoming(phone));
        console.log(JSON.stringify([first, texts.map((text) => Object.values(answer(book, phone, text)))]));
    """
    given = json.dumps([PHONE, [text for text, *_ in CONVERSATION]])
    ran = subprocess.run(
        ["node", "--input-type=module", "--eval", script, given],
        cwd=NODE_PROGRAM,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    first, answers = json.loads(ran.stdout)
    assert first == f"Fade & Co: haircut Tue 15:00 with Sam. {CHOICES}"
    assert answers == [[said, outcome] for _, said, outcome in CONVERSATION]


def test_another_number_has_no_appointment(barber: dict[str, ModuleType], book: Any) -> None:
    assert barber["conversation"].answer(book, "+12025550178", "C").outcome == "no appointment"
    assert book.upcoming(PHONE).state == "BOOKED"


def test_the_reminder_tells_what_to_reply(barber: dict[str, ModuleType], book: Any) -> None:
    text = barber["conversation"].reminder(book.upcoming(PHONE))
    assert text == f"Fade & Co: haircut Tue 15:00 with Sam. {CHOICES}"


def test_a_moved_appointment_is_reminded_of_again_unless_the_customer_opted_out(
    barber: dict[str, ModuleType], book: Any
) -> None:
    answer = barber["conversation"].answer
    book.set_reminded(book.upcoming(PHONE), "SM1")
    assert book.not_reminded() == []
    answer(book, PHONE, "R")
    answer(book, PHONE, "3")
    assert [appointment.when for appointment in book.not_reminded()] == ["Fri 16:15"]
    book.set_opted_out(PHONE)
    assert book.not_reminded() == []
    answer(book, PHONE, "START")
    assert [appointment.when for appointment in book.not_reminded()] == ["Fri 16:15"]


@pytest.mark.parametrize(
    ("today", "day"),
    [("2026-03-02", 3), ("2026-03-03", 10), ("2026-03-04", 10), ("2026-03-08", 10)],
    ids=["Monday", "Tuesday", "Wednesday", "Sunday"],
)
def test_the_coming_tuesday_is_after_today(barber: dict[str, ModuleType], today: str, day: int) -> None:
    found = barber["appointments"].coming(1, time(15, 0), datetime.fromisoformat(today))
    assert found == datetime(2026, 3, day, 15, 0)
