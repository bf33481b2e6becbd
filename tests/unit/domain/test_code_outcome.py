"""Why a code did not arrive: an answer for each way that it can go, with cause and cure and nothing of the customer."""

import re

import pytest

from ringfence.domain import call, message
from ringfence.domain.code_outcome import Sending, advise_code, outcome
from ringfence.domain.error_advice import ADVICE
from ringfence.domain.verification import Status

PENDING, EXPIRED = Status.PENDING, Status.EXPIRED


def of(life=PENDING, /, **sent):
    return outcome(life, [Sending(**({"channel": "sms"} | sent))])


def called(life=PENDING, /, **sent):
    return of(life, channel="call", **sent)


def mailed(life=PENDING, /, **sent):
    return of(life, channel="email", **sent)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (of(Status.APPROVED, status="delivered"), "The code was entered."),
        (of(Status.CANCELED, status="delivered"), "The verification was canceled."),
        (of(Status.DELETED, status="delivered"), "The verification was canceled."),
        (of(Status.MAX_ATTEMPTS_REACHED, status="delivered"), "Five wrong codes were entered."),
        (of(status="queued"), "The code still waits to be sent."),
        (of(EXPIRED, status="queued"), "The code still waits to be sent."),
        (of(status="sent"), "The carrier has the code, and has not said that it arrived."),
        (of(status="delivered"), "The code arrived, and was not entered yet."),
        (of(EXPIRED, status="delivered"), "The code arrived, and was not entered in time."),
        (of(status="undelivered"), "The code did not arrive."),
        (of(), "Nothing was sent."),
        (outcome(PENDING, []), "Nothing was sent."),
        (called(status="queued"), "The call is still to be answered."),
        (called(status="ringing"), "The call is still to be answered."),
        (called(status="in-progress"), "The call is under way."),
        (called(status="busy"), "The line was busy."),
        (called(status="no-answer"), "Nobody answered."),
        (called(status="failed"), "The call did not come about."),
        (called(status="canceled"), "The call did not come about."),
        (called(status="completed", pressed=True), "The code was said, and not entered yet."),
        (called(EXPIRED, status="completed", pressed=True), "The code was said, and not entered in time."),
        (called(status="completed"), "The code was said, and not entered yet."),
    ],
)
def test_each_end_has_its_answer(told, says):
    assert told.message == says
    assert told.cause
    assert told.fix or says == "The code was entered."


def test_a_call_in_which_no_key_was_pressed_said_nothing():
    assert "no key was pressed" in called(status="completed", pressed=False).message
    assert "no key was pressed" in called(EXPIRED, status="completed", pressed=False).message


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (mailed(status="queued"), "The code still waits to be sent."),
        (mailed(status="sent"), "The mail relay has the code, and nothing later is known of a mail."),
        (mailed(EXPIRED, status="sent"), "The mail relay has the code, and nothing later is known of a mail."),
        (mailed(status="delivered"), "The code arrived, and was not entered yet."),
        (mailed(EXPIRED, status="delivered"), "The code arrived, and was not entered in time."),
        (mailed(status="undelivered", code=30005), "The code did not arrive: Unknown destination handset (30005)."),
        (mailed(status="undelivered", code=30007), "The code did not arrive: Message filtered (30007)."),
        (mailed(status="undelivered", code=30008), "The code did not arrive: Unknown error (30008)."),
    ],
)
def test_of_a_mail_no_telephone_is_spoken_of(told, says):
    assert told.message == says
    assert told.cause
    assert told.fix
    assert not re.search("telephone|number|signal|call", told.cause + told.fix)


def test_what_went_wrong_is_named_by_its_code():
    refused = of(code=60205, refused=True)
    assert refused.message == "Nothing was sent: SMS is not supported by landline phone number (60205)."
    assert "call" in refused.fix
    failed = of(status="undelivered", code=30005)
    assert failed.message == "The code did not arrive: Unknown destination handset (30005)."
    assert "digit" in failed.fix


def test_of_several_sendings_the_last_one_counts():
    first, last = Sending(channel="sms", status="undelivered", code=30005), Sending(channel="call", status="busy")
    assert outcome(PENDING, [first, last]).message == "The line was busy."
    assert "30005" in outcome(PENDING, [last, first]).message


def test_where_the_network_vouches_no_code_was_sent():
    assert of(channel="sna").message == "No code was sent: the telephone proves itself by opening an address."
    assert of(EXPIRED, channel="sna").fix == "Check the verification, or bring a code by text."
    assert of(Status.APPROVED, channel="sna").message == "The telephone's network vouched for it."
    assert of(Status.APPROVED).message == "The code was entered."
    assert of(channel="sna", code=60410, refused=True).message.startswith("Nothing was sent: ")


def test_an_end_of_the_verification_goes_before_what_became_of_its_sendings():
    assert of(Status.CANCELED, status="undelivered", code=30005).message == "The verification was canceled."
    assert "30005" in of(EXPIRED, status="undelivered", code=30005).message
    assert "60410" in of(Status.FAILED, code=60410, refused=True).message


def test_every_status_of_a_text_and_a_call_has_an_answer():
    for status in message.Status:
        assert of(status=status.value).message
    for status in call.Status:
        assert called(status=status.value).cause


@pytest.mark.parametrize(
    "code", [30036, 21610, 30003, 30005, 30006, 30007, 13520, 60202, 60203, 60205, 60217, 60410, 60605]
)
def test_what_can_keep_a_code_has_cause_and_cure(code):
    told = of(code=code)
    advice = advise_code(code)
    assert (told.cause, told.fix) == (advice.cause, advice.fix)
    assert all(re.search(r"[A-Za-z`]{3}", words) and words.endswith(".") for words in (told.cause, told.fix))


def test_the_same_code_has_other_reasons_where_it_is_a_mail_s():
    for code in (30005, 30007, 30008, 30036):
        assert advise_code(code, "email") not in (None, advise_code(code), advise_code(code, "call"))
    assert advise_code(60203, "email") == advise_code(60203)


def test_a_code_that_nobody_foresaw_still_has_an_answer():
    told = of(code=39999)
    assert "39999" in told.message
    assert told.cause
    assert told.fix


def test_of_other_texts_the_advice_stays_as_it_is():
    assert advise_code(30004) is ADVICE[30004]
    assert advise_code(30036) is not ADVICE[30036]
