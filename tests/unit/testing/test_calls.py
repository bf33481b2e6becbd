"""Calls in the pytest plugin: real documents, on phones that the test speaks for."""

import io
import math
import re
import wave
from datetime import timedelta

import pytest

from ringfence.testing import Ringfence

NUMBER, PHONE, OTHER = "+12025550123", "+12025550177", "+12025550188"


def tune() -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(2 * 2 * 8_000))
    return sound.getvalue()


def app(environ, start):  # type: ignore[no-untyped-def]
    if environ["PATH_INFO"] == "/tune.wav":
        start("200 OK", [("Content-Type", "audio/wav")])
        return [tune()]
    pages = {
        "/voice": "<Gather numDigits='1' action='/key'><Say>Press 1 to confirm</Say></Gather>",
        "/key": "<Say>Thank you</Say>",
        "/record": "<Record maxLength='10' timeout='0' action='/key'/>",
        "/transfer": f"<Dial>{OTHER}</Dial>",
        "/taped": f"<Dial record='record-from-answer-dual'>{OTHER}</Dial>",
        "/voicemail": "<Record action='/key' recordingStatusCallback='/told'/><Say>Nothing was said</Say>",
        "/away": "<Redirect>/voice</Redirect>",
        "/outward": f"<Dial callerId='{NUMBER}'>{OTHER}</Dial>",
        "/desks": "<Dial sequential='true'><Client>alice</Client><Sip>sip:desk@office.example</Sip></Dial>",
        "/music": "<Play>/tune.wav</Play>",
        "/hold": "<Play loop='0'>/tune.wav</Play>",
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


def test_a_client_is_called_and_calls_through_a_program(ringfence: Ringfence) -> None:
    alice = ringfence.phone("client:alice")
    call = ringfence.client().calls.create(
        to="client:alice", from_=str(ringfence.number(NUMBER)), url=ringfence.host(app) + "/voice"
    )
    assert alice.await_call().sid == call.sid
    assert alice.await_call().hears("press 1")
    with pytest.raises(ValueError, match="calls_through"):
        alice.call(OTHER)
    assert alice.calls_through(app, "/outward") == "https://app.test/outward"
    other = ringfence.phone(OTHER)
    made = alice.call("anybody")
    assert other.await_call().status == "in-progress"
    assert other.await_call().sender == NUMBER
    assert ringfence.webhooks.to("/outward")[0].form["From"] == "client:alice"
    assert made.documents[0].form["To"] == "anybody"
    with pytest.raises(ValueError, match="only a client"):
        other.calls_through(app)


def test_clients_and_sip_addresses_are_rung_by_a_dial(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/desks")
    alice, desk = ringfence.phone("client:alice"), ringfence.phone("sip:desk@office.example")
    alice.declines()
    call = ringfence.phone(PHONE).call(NUMBER)
    assert [leg.to for leg in call.legs] == ["client:alice", "sip:desk@office.example"]
    assert alice.await_call().ended("busy")
    assert desk.await_call().status == "in-progress"
    with pytest.raises(ValueError, match="does not call"):
        desk.call(NUMBER)
    with pytest.raises(ValueError, match="texts"):
        desk.send(NUMBER, "Hello")


@pytest.mark.parametrize("address", ["alice", "client:", "client:a b", "sip:office.example", "12025550177", ""])
def test_what_is_no_phone_is_refused(ringfence: Ringfence, address: str) -> None:
    with pytest.raises(ValueError, match="client:alice"):
        ringfence.phone(address)


def test_who_is_not_there_is_named(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/transfer")
    assert ringfence.phone(PHONE).call(NUMBER).legs == []
    assert f"nobody has {OTHER}: ringfence.phone('{OTHER}') gives it a phone" in ringfence.conversation()


def test_a_call_knows_its_ends_its_documents_and_its_legs(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/transfer")
    other = ringfence.phone(OTHER)
    call = ringfence.phone(PHONE).call(NUMBER)
    (leg,) = call.legs
    assert leg is other.await_call()
    assert (leg.sender, leg.to, leg.legs) == (PHONE, OTHER, [])
    assert [webhook.url for webhook in call.documents] == ["https://app.test/transfer"]


def test_a_redirect_is_among_a_calls_documents_and_a_callback_is_not(ringfence: Ringfence) -> None:
    ringfence.phone(PHONE)
    url = ringfence.host(app)
    number = ringfence.number(NUMBER)
    ringfence.client().calls.create(
        to=PHONE,
        from_=str(number),
        url=url + "/away",
        status_callback=url + "/told",
        status_callback_event=["answered"],
    )
    call = ringfence.phone(PHONE).await_call()
    assert [webhook.url for webhook in call.documents] == [url + "/away", url + "/voice"]
    assert [webhook.form["CallStatus"] for webhook in ringfence.webhooks.to("/told")] == ["in-progress"]


def test_phones_that_are_joined_hear_each_other(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/transfer")
    other = ringfence.phone(OTHER)
    call = ringfence.phone(PHONE).call(NUMBER)
    call.says("Is it you?")
    assert other.await_call().hears("is it you")
    other.await_call().says("It is")
    assert call.heard == ["It is"]
    other.await_call().hangs_up()
    with pytest.raises(AssertionError, match="nobody listens"):
        other.await_call().says("Are you there?")


def test_a_sound_is_played_once_it_is_fetched(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/music")
    call = ringfence.phone(PHONE).call(NUMBER)
    assert call.plays("/tune.wav")
    assert call.plays("https://app.test/tune.wav")
    with pytest.raises(AssertionError, match="was not played"):
        call.plays("/tune")
    with pytest.raises(AssertionError, match="was not played"):
        call.plays("tune.wav")


def test_a_recording_ends_at_its_length(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/record")
    call = ringfence.phone(PHONE).call(NUMBER)
    ringfence.clock.advance(seconds=1)
    call.says("and so on " * 100)
    ringfence.clock.advance(seconds=12)
    assert call.hears("thank you")
    (recording,) = ringfence.client().recordings.list()
    assert recording.duration == "10"
    assert call.recordings[0].sid == recording.sid


def test_a_recording_holds_what_was_said_after_the_beep_and_ends_with_silence(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/voicemail")
    call = ringfence.phone(PHONE).call(NUMBER)
    call.says("Hello?")
    call.listens()
    call.says("This is Ann.")
    call.says("Please call me back.")
    assert call.recordings[0].status == "in-progress"
    ringfence.clock.advance(seconds=8)
    (recording,) = call.recordings
    said = len("This is Ann.Please call me back.") * 0.065
    assert (recording.status, recording.words) == ("completed", "This is Ann. Please call me back.")
    assert (recording.source, recording.channels, recording.duration) == ("RecordVerb", 1, math.ceil(said + 0.2))
    assert call.hears("thank you")
    assert ringfence.webhooks.to("/key")[0].form["RecordingDuration"] == str(recording.duration)
    assert "webhook completed POST https://app.test/told" in ringfence.conversation()
    assert 's  "This is Ann. Please call me back."' in ringfence.conversation()


def test_who_says_nothing_has_left_no_message(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/voicemail")
    call = ringfence.phone(PHONE).call(NUMBER)
    ringfence.clock.advance(seconds=20)
    assert call.hears("nothing was said")
    assert [recording.status for recording in call.recordings] == ["absent"]


def test_both_ends_of_a_dial_are_recorded(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/taped")
    other = ringfence.phone(OTHER)
    call = ringfence.phone(PHONE).call(NUMBER)
    call.says("Yes?")
    other.await_call().says("No.")
    call.listens()
    ringfence.client().calls(call.sid).recordings.list()[0].update(status="paused", pause_behavior="skip")
    call.says("This is between us")
    call.listens()
    ringfence.client().calls(call.sid).recordings.list()[0].update(status="in-progress")
    call.says("Goodbye.")
    call.listens()
    call.hangs_up()
    (recording,) = call.recordings
    assert (recording.source, recording.channels) == ("DialVerb", 2)
    assert recording.words == "Yes? No. Goodbye."
    assert recording.duration == 1


def test_a_recordings_file_is_as_long_as_the_recording(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/voicemail")
    call = ringfence.phone(PHONE).call(NUMBER)
    call.listens()
    call.says("and so on " * 20)
    ringfence.clock.advance(seconds=20)
    sound = ringfence.media(ringfence.webhooks.to("/key")[0].form["RecordingUrl"] + ".wav")
    assert sound.content_type.startswith("audio/")
    with wave.open(io.BytesIO(sound.content)) as file:
        assert math.ceil(file.getnframes() / file.getframerate()) == call.recordings[0].duration == 14
    assert ringfence.client().recordings(call.recordings[0].sid).delete()
    with pytest.raises(LookupError):
        ringfence.media(ringfence.webhooks.to("/key")[0].form["RecordingUrl"] + ".wav")


def test_music_that_never_ends_is_listened_to_once(ringfence: Ringfence) -> None:
    ringfence.number(NUMBER).calls_to(app, "/hold")
    call = ringfence.phone(PHONE).call(NUMBER)
    began = ringfence.clock.now
    call.listens()
    assert ringfence.clock.now - began == timedelta(seconds=2)
    assert call.status == "in-progress"
