"""What a program is told of its calls, through the processes that tell it: which fields, in which order, and at last.

Source: Twilio, "Call resource" (StatusCallback), "Recording resource" (RecordingStatusCallback), "TwiML Dial",
"TwiML Gather" and "TwiML Record" (action), "IncomingPhoneNumber resource" (VoiceApplicationSid, VoiceFallbackUrl).
"""

# ruff: noqa: F811 - fixtures of the tests of calls

import os
import signal
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.clients.phones import Carrier, PhoneCall, wait_for
from tests.clients.test_calls import (  # noqa: F401
    AMY,
    BEN,
    EVENTS,
    SHOP,
    Installation,
    Program,
    call,
    calling,
    carrier,
    over,
    program,
    wav_tone,
)

THIRD = "+12025550199"
WHOLE = ["initiated", "ringing", "in-progress", "completed"]
PROGRESS = {"Timestamp", "CallbackSource", "SequenceNumber"}
END = {"CallDuration", "Duration", "SipResponseCode"}
RECORDED = {
    "ApiVersion", "AccountSid", "CallSid", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingChannels",
    "RecordingStartTime", "RecordingSource", "RecordingTrack",
}  # fmt: skip


def facts(
    calling: Installation, sid: str, status: str, to: str = AMY, sender: str = SHOP, **more: str
) -> dict[str, str]:
    """What every request about a call between two numbers of the United States says."""
    said = {
        "AccountSid": calling.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": status,
        "Direction": "outbound-api",
        "To": to,
        "Called": to,
        "From": sender,
        "Caller": sender,
    }
    for end in ("To", "Called", "From", "Caller"):
        said |= {f"{end}City": "", f"{end}State": "", f"{end}Zip": "", f"{end}Country": "US"}
    return said | more


def has_sound(calling: Installation, sid: str) -> None:
    """Wait until two seconds of a call's recording are written."""
    recordings = calling.client.calls(sid).recordings
    wait_for(recordings.list)
    (recording,) = recordings.list()
    wait_for(lambda: any(path.stat().st_size > 16_000 for path in calling.data.rglob(recording.sid)))


def without(form: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in {*PROGRESS, *names}}


def in_order(forms: list[dict[str, str]]) -> list[str]:
    """The statuses that were told; each has its number and its time, and comes from progress."""
    assert [form["SequenceNumber"] for form in forms] == [str(place) for place in range(len(forms))]
    times = [parsedate_to_datetime(form["Timestamp"]) for form in forms]
    assert times == sorted(times)
    assert {form["CallbackSource"] for form in forms} == {"call-progress-events"}
    return [form["CallStatus"] for form in forms]


def test_a_recorded_call_is_told_from_its_beginning_to_its_end(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    carrier.on_call = PhoneCall.ring
    made = call(
        calling,
        program,
        program.says("/voice", "<Pause length='2'/>"),
        record=True,
        trim="do-not-trim",
        recording_channels="dual",
        recording_status_callback=f"{program.url}/recorded",
        recording_status_callback_event=["in-progress", "completed"],
    )
    program.pages["/recorded"] = b""
    amy = carrier.rung(AMY)
    wait_for(lambda: program.told(made.sid) == WHOLE[:2])
    amy.answer()
    assert amy.await_end() == 200
    wait_for(lambda: program.told(made.sid) == WHOLE and len(program.forms("/recorded")) == 2)

    forms = program.forms("/status")
    assert in_order(forms) == WHOLE
    for form, status in zip(forms[:3], WHOLE, strict=False):
        assert without(form) == facts(calling, made.sid, status)
    (recording,) = calling.client.calls(made.sid).recordings.list()
    end = forms[3]
    assert set(end) == {*facts(calling, "", ""), *PROGRESS, *END, "RecordingSid", "RecordingUrl", "RecordingDuration"}
    shown = over(calling, made.sid)
    assert (end["CallDuration"], end["Duration"], end["SipResponseCode"]) == (shown.duration, "1", "200")
    assert (end["RecordingSid"], end["RecordingDuration"]) == (recording.sid, recording.duration)
    assert int(recording.duration) >= 2

    begun, done = program.forms("/recorded")
    assert set(begun) == RECORDED
    assert set(done) == {*RECORDED, "RecordingDuration", "ErrorCode"}
    assert (begun["RecordingStatus"], done["RecordingStatus"]) == ("in-progress", "completed")
    for form in (begun, done):
        assert (form["CallSid"], form["RecordingSid"]) == (made.sid, recording.sid)
        assert (form["RecordingChannels"], form["RecordingTrack"], form["RecordingSource"]) == (
            "2",
            "both",
            "OutboundAPI",
        )
        assert parsedate_to_datetime(form["RecordingStartTime"]) >= parsedate_to_datetime(forms[1]["Timestamp"])
    assert (done["RecordingDuration"], done["ErrorCode"]) == (recording.duration, "0")
    assert program.signed


def test_the_actions_hear_keys_the_other_leg_and_the_message(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    number = (
        f"<Number statusCallback='/child' statusCallbackEvent='initiated ringing answered completed'>{BEN}</Number>"
    )
    program.says("/menu", f"<Dial action='/dialed'>{number}</Dial>")
    program.says("/dialed", "<Record action='/kept' playBeep='false' recordingStatusCallback='/recorded'/>")
    program.says("/kept", "<Hangup/>")
    program.pages["/child"] = program.pages["/recorded"] = b""
    carrier.on_call = PhoneCall.ring
    program.pages["/tone.wav"] = wav_tone(850, 1.0)
    menu = "<Gather numDigits='2' action='/menu' timeout='20'><Play>/tone.wav</Play></Gather>"
    made = call(calling, program, program.says("/voice", menu))
    amy = carrier.rung(AMY)
    amy.answer()
    # A key that comes before it is asked for is nobody's.
    amy.hears(850)
    amy.press("42")
    ben = carrier.rung(BEN)
    ben.ring()
    wait_for(lambda: len(program.forms("/child")) == 2)
    ben.answer()
    amy.say(700, 20_000)
    ben.hears(700)
    ben.hang_up()
    has_sound(calling, made.sid)
    amy.press("#")
    wait_for(lambda: program.forms("/recorded") and program.told(made.sid) == WHOLE)

    whole = facts(calling, made.sid, "in-progress")
    assert program.forms("/voice") == [whole]
    assert program.forms("/menu") == [{**whole, "Digits": "42", "msg": "Gather End"}]
    (dialed,) = program.forms("/dialed")
    (child,) = calling.client.calls.list(parent_call_sid=made.sid)
    assert dialed == {
        **whole,
        "DialCallStatus": "completed",
        "DialBridged": "true",
        "DialCallSid": child.sid,
        "DialCallDuration": dialed["DialCallDuration"],
    }
    assert int(dialed["DialCallDuration"]) >= 0
    (kept,) = program.forms("/kept")
    (told,) = program.forms("/recorded")
    assert {name: kept[name] for name in kept.keys() - whole.keys()} == {
        "RecordingSid": told["RecordingSid"],
        "RecordingUrl": kept["RecordingUrl"],
        "RecordingDuration": told["RecordingDuration"],
        "Digits": "#",
    }
    assert (told["RecordingSource"], told["RecordingTrack"], told["RecordingChannels"]) == (
        "RecordVerb",
        "inbound",
        "1",
    )

    wait_for(lambda: len(program.forms("/child")) == 4)
    children = program.forms("/child")
    assert in_order(children) == WHOLE
    for form, status in zip(children, WHOLE, strict=True):
        expected = facts(calling, child.sid, status, BEN, Direction="outbound-dial", ParentCallSid=made.sid)
        assert without(form, *END) == expected


@pytest.mark.parametrize("outcome", ["busy", "failed", "no-answer", "canceled"])
def test_a_call_that_nobody_answers_is_told_without_a_length(
    calling: Installation, program: Program, carrier: Carrier, outcome: str
) -> None:
    refusals = {"busy": 486, "failed": 500}
    carrier.on_call = lambda phone: phone.refuse(refusals[outcome]) if outcome in refusals else phone.ring()
    made = call(calling, program, program.says("/voice", "<Hangup/>"), timeout=1 if outcome == "no-answer" else 60)
    if outcome == "canceled":
        wait_for(lambda: "ringing" in program.told(made.sid))
        calling.client.calls(made.sid).update(status="canceled")
    wait_for(lambda: program.told(made.sid)[-1:] == [outcome])
    forms = program.forms("/status")
    told = in_order(forms)
    assert (told[0], told[-1]) == ("initiated", outcome)
    assert set(told) <= {"initiated", "ringing", outcome}
    end = facts(calling, made.sid, outcome, CallDuration="0", Duration="0")
    assert without(forms[-1], "SipResponseCode") == end
    assert program.forms("/voice") == []


@pytest.fixture
def voice_number(calling: Installation) -> Iterator[Any]:
    """The shop's number; what a test sets on it is taken away again."""
    (number,) = calling.client.incoming_phone_numbers.list(phone_number=SHOP)
    yield number
    number.update(voice_url="", voice_fallback_url="", voice_application_sid="", status_callback="")


def test_a_number_with_an_application_is_led_by_it_and_falls_back_with_it(
    calling: Installation, program: Program, carrier: Carrier, voice_number: Any
) -> None:
    application = calling.client.applications.create(
        friendly_name="Shop",
        voice_url=f"{program.url}/gone",
        voice_fallback_url=program.says("/fallback", "<Pause length='1'/>"),
        voice_fallback_method="POST",
        status_callback=f"{program.url}/status",
    )
    # What the number itself says holds no more.
    voice_number.update(voice_url=program.says("/number", "<Reject/>"), voice_application_sid=application.sid)
    amy = carrier.dial(calling.sip_port, SHOP, AMY)
    assert amy.await_end() == 200
    (asked,), (fallen,) = program.forms("/gone"), program.forms("/fallback")
    sid = asked["CallSid"]
    expected = facts(calling, sid, "ringing", SHOP, AMY, Direction="inbound", ApplicationSid=application.sid)
    assert asked == expected
    assert fallen == {**expected, "ErrorCode": "11200", "ErrorUrl": f"{program.url}/gone"}
    assert program.forms("/number") == []
    wait_for(lambda: program.told(sid) == ["completed"])
    (end,) = program.forms("/status")
    assert without(end, *END) == {**expected, "CallStatus": "completed"}
    assert over(calling, sid).status == "completed"
    assert program.signed


def test_a_number_with_a_url_falls_back_on_a_document_that_is_none(
    calling: Installation, program: Program, carrier: Carrier, voice_number: Any
) -> None:
    program.pages["/broken"] = b"<Response><Say>Hello</Response>"
    voice_number.update(
        voice_url=f"{program.url}/broken",
        voice_fallback_url=program.says("/fallback", "<Pause length='1'/>"),
        voice_fallback_method="POST",
        status_callback=f"{program.url}/status",
    )
    amy = carrier.dial(calling.sip_port, SHOP, AMY)
    assert amy.await_end() == 200
    (asked,), (fallen,) = program.forms("/broken"), program.forms("/fallback")
    expected = facts(calling, asked["CallSid"], "ringing", SHOP, AMY, Direction="inbound")
    assert asked == expected
    assert fallen == {**expected, "ErrorCode": "12100", "ErrorUrl": f"{program.url}/broken"}
    wait_for(lambda: program.told(asked["CallSid"]) == ["completed"])


@pytest.mark.parametrize("role", ["dispatcher", "api", "kms"])
def test_what_is_to_be_told_while_a_process_is_killed_is_told_once_it_is_back(
    calling: Installation, program: Program, carrier: Carrier, role: str
) -> None:
    carrier.on_call = PhoneCall.ring
    made = call(calling, program, program.says("/voice", "<Pause length='1'/>"))
    amy = carrier.rung(AMY)
    wait_for(lambda: program.told(made.sid) == WHOLE[:2])
    os.kill(calling.pid(role), signal.SIGKILL)
    amy.answer()
    amy.await_end()
    wait_for(lambda: program.told(made.sid)[-1:] == WHOLE[-1:], 40)
    # What was told and not yet noted as told when the process was killed comes again.
    once = {form["SequenceNumber"]: form for form in program.forms("/status")}
    assert in_order(list(once.values())) == WHOLE


def test_what_was_not_told_when_everything_was_killed_is_told_when_it_is_up_again(
    tmp_path: Path, carrier: Carrier
) -> None:
    """Every process is killed at once while the program is away: each kind of callback comes, and in order."""
    installation = Installation(tmp_path, carrier)
    program = Program(installation.auth_token)
    try:
        program.pages["/recorded"] = b""
        told = f"recordingStatusCallback='{program.url}/recorded' recordingStatusCallbackEvent='in-progress completed'"
        document = f"<Response><Record playBeep='false' timeout='60' {told}/></Response>"
        program.away = True

        def begin(to: str, **fields: Any) -> str:
            status = {"status_callback": f"{program.url}/status", "status_callback_event": EVENTS}
            return str(installation.client.calls.create(to=to, from_=SHOP, twiml=document, **status, **fields).sid)

        carrier.on_call = PhoneCall.answer
        talking = begin(AMY)
        carrier.rung(AMY).await_answer()
        carrier.rung(AMY).say(700, 60_000)
        has_sound(installation, talking)
        carrier.on_call = PhoneCall.ring
        ringing = begin(BEN)
        wait_for(lambda: installation.client.calls(ringing).fetch().status == "ringing")
        carrier.on_call = lambda phone: phone.refuse(486)
        busy = begin(THIRD)
        assert over(installation, busy).status == "busy"

        installation.kill_everything()
        program.away = False
        installation.up_again()
        wait_for(lambda: program.told(talking) == ["initiated", "in-progress", "completed"], 60)
        wait_for(lambda: program.told(ringing) == ["initiated", "ringing", "failed"], 60)
        wait_for(lambda: program.told(busy) == ["initiated", "busy"], 60)
        wait_for(lambda: len(program.forms("/recorded")) == 2, 60)
        for sid in (talking, ringing, busy):
            in_order([form for form in program.forms("/status") if form["CallSid"] == sid])
            assert over(installation, sid).status == program.told(sid)[-1]
        begun, done = program.forms("/recorded")
        assert (begun["RecordingStatus"], done["RecordingStatus"]) == ("in-progress", "completed")
        assert int(done["RecordingDuration"]) >= 2
        assert installation.client.recordings(done["RecordingSid"]).fetch().status == "completed"
        assert program.signed
    finally:
        installation.stop()
        carrier.clear()
        program.close()
