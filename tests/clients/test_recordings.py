"""Recordings from end to end: made in a call, told to a program, fetched without a credential, and played again."""

# ruff: noqa: F811 - fixtures of the tests of calls

import io
import os
import signal
import wave
from typing import Any

import numpy as np
import requests
from tests.clients.phones import Carrier, PhoneCall, wait_for
from tests.clients.test_calls import (  # noqa: F401
    AMY,
    BEN,
    Installation,
    Program,
    call,
    calling,
    carrier,
    over,
    program,
)
from tests.unit.media.codecs.tones import strength_db


def heard(data: bytes, channel: int = 0) -> np.ndarray:
    """The samples of one channel of a WAV file, where there is sound."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 8_000)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    loud = np.flatnonzero(np.abs(samples[:, channel].astype(int)) > 1_000)
    return samples[loud[0] : loud[-1], channel] if len(loud) else samples[:0, channel]


def is_tone(sound: np.ndarray, hz: float, seconds: float) -> None:
    assert len(sound) > 8_000 * seconds
    assert strength_db(sound, hz) > -3


def test_a_voice_message_is_recorded_told_fetched_and_played(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    start = program.says(
        "/voice",
        "<Record maxLength='20' timeout='1' playBeep='false' action='/done' recordingStatusCallback='/recorded'/>",
    )
    program.pages["/recorded"] = b""
    program.pages["/done"] = lambda form: (
        f"<Response><Play>{form['RecordingUrl'].replace('&', '&amp;')}.mp3</Play></Response>".encode()
    )
    carrier.on_call = PhoneCall.answer
    made = call(calling, program, start)
    amy = carrier.rung(AMY)
    amy.await_answer()
    amy.say(900, 2_000)
    wait_for(lambda: program.forms("/done"))
    (done,) = program.forms("/done")
    amy.hears(900)
    over(calling, made.sid)

    assert "?Capability=" in done["RecordingUrl"]
    assert int(done["RecordingDuration"]) in range(1, 5)
    answer = requests.get(done["RecordingUrl"], timeout=20)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/x-wav")
    is_tone(heard(answer.content), 900, 0.5)
    assert requests.get(done["RecordingUrl"] + ".mp3", timeout=20).headers["content-type"] == "audio/mpeg"
    assert requests.get(done["RecordingUrl"].partition("?")[0], timeout=20).status_code == 401

    (shown,) = calling.client.calls(made.sid).recordings.list()
    assert (shown.sid, shown.status, shown.source) == (done["RecordingSid"], "completed", "RecordVerb")
    wait_for(lambda: program.forms("/recorded"))
    (told,) = program.forms("/recorded")
    assert (told["RecordingSid"], told["RecordingStatus"]) == (shown.sid, "completed")
    assert requests.get(told["RecordingUrl"], timeout=20).content == answer.content

    path = next(calling.data.rglob(shown.sid))
    assert path.stat().st_mode & 0o777 == 0o600
    assert calling.client.recordings(shown.sid).delete() is True
    assert not path.exists()
    assert requests.get(done["RecordingUrl"], timeout=20).status_code == 404


def test_a_call_is_recorded_from_the_api_in_two_channels(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    start = program.says("/voice", f"<Dial>{BEN}</Dial>")
    carrier.on_call = PhoneCall.answer
    made = call(calling, program, start)
    amy, ben = carrier.rung(AMY), carrier.rung(BEN)
    wait_for(lambda: amy.talking and ben.talking)
    recordings = calling.client.calls(made.sid).recordings
    recording: Any = recordings.create(recording_channels="dual")
    assert recording.status == "in-progress"
    amy.say(800, 2_000)
    ben.say(1_300, 2_000)
    amy.hears(1_300)
    ben.hears(800)
    wait_for(lambda: amy.level(1_300) < 200 and ben.level(800) < 200)
    assert recordings("Twilio.CURRENT").update(status="paused", pause_behavior="skip").status == "paused"
    assert recordings(recording.sid).update(status="in-progress").status == "in-progress"
    assert recordings(recording.sid).update(status="stopped").status == "completed"
    ben.hang_up()
    amy.hang_up()
    over(calling, made.sid)
    answer = requests.get(
        f"{calling.client.api.base_url}/2010-04-01/Accounts/{calling.account_sid}/Recordings/{recording.sid}.wav",
        auth=(calling.account_sid, calling.auth_token),
        timeout=20,
    )
    is_tone(heard(answer.content, 0), 800, 0.2)
    is_tone(heard(answer.content, 1), 1_300, 0.2)


def test_a_killed_media_worker_leaves_what_was_recorded(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    """All but the last second is there, and the program is told of it."""
    start = program.says(
        "/voice",
        "<Record maxLength='60' timeout='60' playBeep='false' action='/done' recordingStatusCallback='/recorded'/>",
    )
    program.pages["/recorded"] = b""
    carrier.on_call = PhoneCall.answer
    made = call(calling, program, start)
    amy = carrier.rung(AMY)
    amy.await_answer()
    amy.say(700, 60_000)
    wait_for(lambda: calling.client.calls(made.sid).recordings.list())
    (recording,) = calling.client.calls(made.sid).recordings.list()
    wait_for(lambda: list(calling.data.rglob(recording.sid)))
    path = next(calling.data.rglob(recording.sid))
    wait_for(lambda: path.stat().st_size > 3 * 8_000)
    os.kill(calling.pid("media"), signal.SIGKILL)
    assert over(calling, made.sid).status == "completed"
    wait_for(lambda: program.forms("/recorded"))
    (told,) = program.forms("/recorded")
    assert (told["RecordingSid"], told["RecordingStatus"]) == (recording.sid, "completed")
    assert int(told["RecordingDuration"]) >= 2
    answer = requests.get(told["RecordingUrl"], timeout=20)
    assert answer.status_code == 200
    is_tone(heard(answer.content), 700, 1.5)
    shown = calling.client.recordings(recording.sid).fetch()
    assert (shown.status, shown.duration) == ("completed", told["RecordingDuration"])
