"""Calls in the pytest plugin: real documents, on phones that the test speaks for."""

import re

import pytest

from ringfence.testing import Ringfence

NUMBER, PHONE, OTHER = "+12025550123", "+12025550177", "+12025550188"


def app(environ, start):  # type: ignore[no-untyped-def]
    pages = {
        "/voice": "<Gather numDigits='1' action='/key'><Say>Press 1 to confirm</Say></Gather>",
        "/key": "<Say>Thank you</Say>",
        "/record": "<Record maxLength='10' timeout='0' action='/key'/>",
        "/transfer": f"<Dial>{OTHER}</Dial>",
    }
    start("200 OK", [("Content-Type", "text/xml")])
    return [f"<Response>{pages.get(environ['PATH_INFO'], '')}</Response>".encode()]


def test_a_call_that_is_answered_hears_presses_and_ends(ringfence: Ringfence) -> None:
    number, phone = ringfence.number(NUMBER), ringfence.phone(PHONE)
    url = ringfence.host(app)
    made = ringfence.client().calls.create(to=PHONE, from_=str(number), url=url + "/voice")
    call = phone.await_call()
    assert call.sid == made.sid
    assert call.status == "in-progress"
    assert call.hears("press 1")
    call.press("1")
    assert call.hears("thank you")
    ringfence.clock.advance(seconds=5)
    assert call.ended("completed")
    assert ringfence.webhooks.to("/key")[0].form["Digits"] == "1"
    assert f"{PHONE} presses 1" in ringfence.conversation()


@pytest.mark.parametrize(("manner", "status"), [("busy", "busy"), ("declines", "busy")])
def test_a_phone_that_does_not_take_a_call(ringfence: Ringfence, manner: str, status: str) -> None:
    phone = ringfence.phone(PHONE)
    getattr(phone, manner)()
    ringfence.client().calls.create(to=PHONE, from_=str(ringfence.number(NUMBER)), url=ringfence.host(app) + "/voice")
    assert phone.await_call().ended(status)


def test_a_phone_that_is_ignored_rings_out(ringfence: Ringfence) -> None:
    phone = ringfence.phone(PHONE)
    phone.ignores()
    ringfence.client().calls.create(to=PHONE, from_=str(ringfence.number(NUMBER)), url=ringfence.host(app) + "/voice")
    assert phone.await_call().status == "ringing"
    ringfence.clock.advance(seconds=70)
    assert phone.await_call().ended("no-answer")


def test_a_phone_calls_a_number_and_hangs_up(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app)
    call = ringfence.phone(PHONE).call(NUMBER)
    assert call.hears("press 1")
    with pytest.raises(AssertionError, match=re.escape(f"{PHONE} calls {NUMBER}")):
        call.hears("press 2")
    call.hangs_up()
    assert call.ended("completed")


def test_a_call_is_transferred_to_another_phone(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/transfer")
    other = ringfence.phone(OTHER)
    call = ringfence.phone(PHONE).call(NUMBER)
    assert other.await_call().status == "in-progress"
    call.hangs_up()
    assert other.await_call().ended("completed")


def test_a_recording_ends_at_its_length(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/record")
    call = ringfence.phone(PHONE).call(NUMBER)
    ringfence.clock.advance(seconds=12)
    assert call.hears("thank you")
    (recording,) = ringfence.client().recordings.list()
    assert recording.duration == "10"
