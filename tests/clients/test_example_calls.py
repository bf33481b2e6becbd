"""The examples' calls, each from its first ring to its end, with the pytest plugin and on its clock."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ringfence.testing import Phone, PhoneCall, Ringfence

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOP, BARBER, CUSTOMER = "+12025550123", "+12025550178", "+12025550177"
URL = "https://shop.example"


def loaded(ringfence: Ringfence, patch: pytest.MonkeyPatch, example: str, names: list[str]) -> Iterator[ModuleType]:
    """The example's `app`, hosted; its modules are forgotten afterwards."""
    patch.syspath_prepend(str(EXAMPLES / example))
    patch.setenv("PUBLIC_URL", URL)
    patch.delenv("TWILIO_API_URL", raising=False)
    patch.setattr(sys, "dont_write_bytecode", True)
    program = importlib.import_module("app")
    ringfence.host(program.app, URL)
    ringfence.number(SHOP)
    yield program
    for name in names:
        del sys.modules[name]


@pytest.fixture
def barber(ringfence: Ringfence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    monkeypatch.setenv("BARBER_DATABASE", str(tmp_path / "barber.db"))
    yield from loaded(ringfence, monkeypatch, "barber", ["app", "appointments", "conversation", "spoken"])


@pytest.fixture
def menu(ringfence: Ringfence, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    for program in loaded(ringfence, monkeypatch, "ivr", ["app", "menu"]):
        assert program.app.test_cli_runner().invoke(args=["connect"]).exit_code == 0
        yield program


# The barber


def called(ringfence: Ringfence, barber: ModuleType) -> PhoneCall:
    customer = ringfence.phone(CUSTOMER)
    commands = barber.app.test_cli_runner()
    assert commands.invoke(args=["book"]).exit_code == 0
    assert commands.invoke(args=["call"]).exit_code == 0
    return customer.await_call()


@pytest.mark.parametrize(("key", "words", "state"), [("1", "Confirmed", "CONFIRMED"), ("2", "is canceled", None)])
def test_who_is_called_confirms_or_cancels_with_a_key(
    ringfence: Ringfence, barber: ModuleType, key: str, words: str, state: str | None
) -> None:
    call = called(ringfence, barber)
    assert call.sender == SHOP
    assert call.hears("haircut with Sam on Tuesday at 15:00. Press 1 to confirm, or 2 to cancel")
    call.press(key)
    assert call.hears(words)
    call.listens()
    assert call.ended("completed")
    assert [webhook.form["CallStatus"] for webhook in ringfence.webhooks.to("/call/status")] == ["completed"]
    appointment = barber.book.upcoming(CUSTOMER)
    assert (appointment and appointment.state) == state
    assert ringfence.webhooks.all_signed


def test_who_presses_nothing_hears_it_twice(ringfence: Ringfence, barber: ModuleType) -> None:
    call = called(ringfence, barber)
    ringfence.clock.advance(minutes=1)
    assert call.hears("Once more")
    assert call.hears("We will text you instead")
    assert call.ended("completed")
    assert [appointment.phone for appointment in barber.book.unconfirmed()] == [CUSTOMER]


def test_a_key_without_meaning_leads_back(ringfence: Ringfence, barber: ModuleType) -> None:
    call = called(ringfence, barber)
    call.press("9")
    call.listens()
    assert [document.url for document in call.documents] == [URL + "/call", URL + "/call/key", URL + "/call"]
    call.press("1")
    assert barber.book.unconfirmed() == []


# The menu


def at_the_menu(ringfence: Ringfence) -> PhoneCall:
    call = ringfence.phone(CUSTOMER).call(SHOP)
    assert call.hears("Welcome to Fade and Co")
    return call


def test_the_opening_hours_lead_back_to_the_menu(ringfence: Ringfence, menu: ModuleType) -> None:
    call = at_the_menu(ringfence)
    call.listens()
    welcome, keys = call.heard
    call.press("1")
    call.listens()
    assert call.heard == [welcome, keys, menu.menu.HOURS, "Let us try once more.", keys]


def test_who_never_presses_a_key_gets_to_the_voicemail(ringfence: Ringfence, menu: ModuleType) -> None:
    call = at_the_menu(ringfence)
    ringfence.clock.advance(minutes=2)
    assert call.hears("leave a message after the tone")
    assert call.hears("We did not hear anything")
    assert call.ended("completed")
    assert [recording.status for recording in call.recordings] == ["absent"]


def put_through(ringfence: Ringfence) -> tuple[PhoneCall, Phone]:
    barber = ringfence.phone(BARBER)
    call = at_the_menu(ringfence)
    call.press("2")
    call.listens()
    assert barber.await_call().hears("A customer of Fade and Co is calling")
    return call, barber


def test_the_barber_takes_the_call_with_a_key(ringfence: Ringfence, menu: ModuleType) -> None:
    call, barber = put_through(ringfence)
    barber.await_call().press("1")
    call.says("Do you have time today?")
    assert barber.await_call().hears("time today")
    barber.await_call().hangs_up()
    assert call.ended("completed")
    assert ringfence.webhooks.to("/transferred")[0].form["DialCallStatus"] == "completed"


def test_a_barber_who_presses_nothing_sends_the_caller_to_the_voicemail(ringfence: Ringfence, menu: ModuleType) -> None:
    call, barber = put_through(ringfence)
    ringfence.clock.advance(seconds=30)
    assert barber.await_call().ended("completed")
    assert call.hears("Everyone is busy cutting hair")


def test_a_message_is_recorded_until_the_pound_key(ringfence: Ringfence, menu: ModuleType) -> None:
    call = at_the_menu(ringfence)
    call.press("3")
    call.listens()
    call.says("This is Ann. Please call me back.")
    call.listens()
    call.press("#")
    assert call.hears("Thank you")
    (recording,) = call.recordings
    assert recording.words == "This is Ann. Please call me back."
    assert ringfence.webhooks.to("/thanks")[0].form["RecordingDuration"] == str(recording.duration)
    assert ringfence.webhooks.to("/recorded")[0].form["RecordingSid"] == recording.sid
