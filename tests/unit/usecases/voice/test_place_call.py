"""A call that a program asked for: rung, answered, given its document, and told of in order."""

import asyncio

import msgspec
import pytest
from tests.unit.usecases.voice.stage import ACCOUNT, BASE, CALLER, NUMBER, THEIRS, FakeLine, Stage, play, until

from ringfence.domain.call import Order, Status
from ringfence.ports.media import LegFailed

CALLBACKS = {
    "status_callback": f"{BASE}/status",
    "status_events": ("initiated", "ringing", "answered", "completed"),
}


def answers(line: FakeLine) -> None:
    line.rings()
    line.answers()


def test_an_answered_call_hears_its_document_and_ends_with_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = "<Response><Say>Hello</Say><Play>/tone.wav</Play></Response>"
        sid = await stage.queue(url=f"{BASE}/voice", **CALLBACKS)
        row = await stage.over(sid)
        assert row.status is Status.COMPLETED
        assert row.sip_status == 200
        assert row.route == "main"
        assert row.price_micros == 14_000
        played = [said for said in stage.media.said if said.startswith("play")]
        assert played == ["play clip x1", "play clip x1"]
        assert await stage.kinds(sid) == ["call.ringing", "call.answered", "call.completed"]
        (asked,) = stage.program.asked
        assert asked[0] == "/voice"
        assert asked[1]["CallSid"] == sid
        assert asked[1]["CallStatus"] == "in-progress"
        assert asked[1]["Direction"] == "outbound-api"
        assert (asked[1]["To"], asked[1]["From"]) == (CALLER, NUMBER)
        assert stage.media.remotes[sid].signalled == stage.lines.placed[0].peer_host

    play(scene)


def test_no_answer_has_sound_sent_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    here = msgspec.structs.replace(THEIRS.local, address="127.0.0.1")
    monkeypatch.setattr("tests.unit.usecases.voice.stage.THEIRS", msgspec.structs.replace(THEIRS, local=here))

    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = "<Response><Say>Hello</Say></Response>"
        sid = await stage.queue(url=f"{BASE}/voice")
        await stage.over(sid)
        assert stage.media.remotes[sid].address == stage.lines.placed[0].peer_host

    play(scene)


def test_a_call_that_nobody_answers_ends_after_its_timeout() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = lambda line: line.rings()
        sid = await stage.queue(url=f"{BASE}/voice", timeout_s=20, **CALLBACKS)
        await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "ended", turns=3_000)
        row = await stage.over(sid)
        assert row.status is Status.NO_ANSWER
        assert row.answered_ms is None
        assert not row.price_micros
        assert row.ended_ms is not None
        assert row.ended_ms - row.created_ms >= 20_000
        assert (await stage.kinds(sid))[-1] == "call.no-answer"

    play(scene)


def test_how_the_line_ended_is_how_the_call_ended() -> None:
    async def scene(stage: Stage) -> None:
        for sip, status in ((486, Status.BUSY), (404, Status.FAILED), (480, Status.NO_ANSWER), (603, Status.FAILED)):
            stage.lines.on_call = lambda line, sip=sip: line.ends(sip)  # type: ignore[misc]
            sid = await stage.queue(url=f"{BASE}/voice")
            row = await stage.over(sid)
            assert (row.status, row.sip_status) == (status, sip)

    play(scene)


def test_a_way_that_is_out_of_order_gives_way_to_the_next() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.routes_of = ["first", "second"]
        stage.lines.on_call = lambda line: line.ends(503) if line.call_id == "first" else line.rings()
        sid = await stage.queue(url=f"{BASE}/voice", timeout_s=5)
        await until(lambda: len(stage.lines.placed) == 2)
        await until(lambda: not len(stage.calls.live), turns=2_000)
        row = await stage.row(sid)
        assert row.route == "second"
        assert row.status is Status.NO_ANSWER

    play(scene)


def test_a_destination_without_a_way_fails() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.missing[CALLER] = 404
        sid = await stage.queue(url=f"{BASE}/voice", **CALLBACKS)
        await until(lambda: stage.rings)
        row = await stage.row(sid)
        assert (row.status, row.error_code) == (Status.FAILED, 13224)
        assert await stage.kinds(sid) == ["call.failed"]
        stage.lines.missing[CALLER] = 480
        other = await stage.queue(url=f"{BASE}/voice", **CALLBACKS)
        await until(lambda: stage.rings == 2)
        row = await stage.row(other)
        assert (row.status, row.error_code) == (Status.NO_ANSWER, None)
        codes: list[int | None] = []
        while 32009 not in codes:
            await asyncio.sleep(0.1)
            codes = [step.code for step in await stage.store.steps(row.account, other)]
        stage.lines.missing[CALLER] = 403
        stranger = await stage.queue(url=f"{BASE}/voice", **CALLBACKS)
        await until(lambda: stage.rings == 3)
        row = await stage.row(stranger)
        assert (row.status, row.error_code) == (Status.FAILED, 32214)

    play(scene)


def test_a_simulated_handset_that_nobody_has_open_rings_in_vain() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.missing[CALLER] = 404
        sid = await stage.queue(url=f"{BASE}/voice", timeout_s=5, **CALLBACKS)
        row = await stage.over(sid, turns=1_000)
        assert row.status is Status.NO_ANSWER
        assert await stage.kinds(sid) == ["call.ringing", "call.no-answer"]

    play(scene, unheld_rings=True)


def test_a_document_that_does_not_come_ends_the_call_unless_the_fallback_has_one() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/fallback"] = "<Response><Say>Sorry</Say></Response>"
        await stage.queue(url=f"{BASE}/gone", fallback_url=f"{BASE}/fallback")
        await until(lambda: len(stage.speech.said) == 1)
        told = stage.program.asked[-1]
        assert told[0] == "/fallback"
        assert told[1]["ErrorCode"] == "11200"
        assert told[1]["ErrorUrl"] == f"{BASE}/gone"
        sid = await stage.queue(url=f"{BASE}/gone", **CALLBACKS)
        await until(lambda: stage.rings == 3)
        row = await stage.row(sid)
        assert (row.status, row.error_code) == (Status.COMPLETED, 11200)

    play(scene)


def test_a_given_document_runs_without_a_request() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(twiml="<Response><Pause length='2'/><Hangup/></Response>")
        await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "ended", turns=500)
        assert stage.program.asked == []
        assert (await stage.over(sid)).status is Status.COMPLETED

    play(scene)


def test_keys_are_sent_before_the_document_runs() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        await stage.queue(twiml="<Response><Say>x</Say></Response>", send_digits="w1W")
        await until(lambda: stage.speech.said)
        said = stage.media.said
        assert said.index("press w1ww") < said.index("play clip x1")

    play(scene)


def test_gathered_keys_go_to_the_action_and_its_document_goes_on() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.media.hold = True
        stage.program.pages["/voice"] = (
            "<Response><Gather numDigits='2' action='/keys'><Say>Press</Say></Gather></Response>"
        )
        stage.program.pages["/keys"] = "<Response><Hangup/></Response>"
        sid = await stage.queue(url=f"{BASE}/voice")
        await until(lambda: "play clip x1" in stage.media.said)
        stage.media.presses(sid, "4")
        stage.lines.placed[0].listener.pressed("application/dtmf-relay", b"Signal=2\r\nDuration=160\r\n")  # type: ignore[union-attr]
        await until(lambda: not len(stage.calls.live))
        assert "quiet" in stage.media.said
        path, form = stage.program.asked[-1]
        assert (path, form["Digits"]) == ("/keys", "42")
        assert stage.program.cookies[-1] == ("seen=1",)

    play(scene)


def test_a_recording_is_made_told_of_and_given_to_its_action() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = (
            "<Response><Record action='/done' maxLength='30' recordingStatusCallback='/recorded'/></Response>"
        )
        stage.program.pages["/done"] = "<Response><Hangup/></Response>"
        sid = await stage.queue(url=f"{BASE}/voice", **CALLBACKS)
        await until(lambda: stage.media.plans)
        ((recording, (_, plan)),) = stage.media.plans.items()
        assert (plan.tracks, plan.max_length_s, plan.silence_timeout_s) == ("inbound", 30, 5)
        stage.media.presses(sid, "#")
        await until(lambda: not len(stage.calls.live))
        path, form = stage.program.asked[-1]
        assert path == "/done"
        assert form["RecordingSid"] == recording
        assert f"/Accounts/{ACCOUNT}/Recordings/{recording}?Capability=" in form["RecordingUrl"]
        assert (form["RecordingDuration"], form["Digits"]) == ("2", "#")
        row = await stage.store.recording(ACCOUNT, recording)
        assert row is not None
        assert (row.status, row.duration_ms, row.source) == ("completed", 2_000, "RecordVerb")
        assert "recording.completed" in await stage.kinds(sid)

    play(scene)


def test_a_caller_who_hangs_up_while_recording_is_told_of_with_the_call_completed() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.program.pages["/voice"] = "<Response><Record action='/done' playBeep='false'/></Response>"
        await stage.queue(url=f"{BASE}/voice")
        await until(lambda: stage.media.plans)
        stage.lines.placed[0].ends()
        await until(lambda: not len(stage.calls.live))
        path, form = stage.program.asked[-1]
        assert (path, form["Digits"], form["CallStatus"]) == ("/done", "hangup", "completed")

    play(scene)


def test_a_call_that_is_to_be_recorded_is_from_its_answer_on() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(
            twiml="<Response><Pause length='3'/></Response>",
            record=True,
            recording_channels="dual",
            recording_callback=f"{BASE}/recorded",
            recording_events=("in-progress", "completed"),
        )
        await until(lambda: stage.media.plans)
        assert "record both 2" in stage.media.said
        await until(lambda: not len(stage.calls.live), turns=1_000)
        assert await stage.kinds(sid) == ["recording.in-progress", "recording.completed"]
        (row,) = await stage.store.recordings(ACCOUNT, call_sid=sid)
        assert (row.status, row.source, row.channels) == ("completed", "OutboundAPI", 2)

    play(scene)


def test_the_end_of_a_recorded_call_is_told_after_its_recordings_which_has_a_length_then() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        document = "<Response><Pause length='3'/></Response>"
        sid = await stage.queue(
            twiml=document, record=True, recording_callback=f"{BASE}/recorded", status_callback=f"{BASE}/status"
        )
        await until(lambda: stage.media.plans)
        await until(lambda: not len(stage.calls.live), turns=1_000)
        assert await stage.kinds(sid) == ["recording.completed", "call.completed"]

    play(scene)


def test_a_recording_that_does_not_end_keeps_the_call_only_for_seconds() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers

        async def deaf(leg: str, sid: str) -> None:
            return

        stage.media.stop_recording = deaf  # type: ignore[method-assign]
        sid = await stage.queue(
            twiml="<Response><Pause length='3'/></Response>", record=True, status_callback=f"{BASE}/status"
        )
        await until(lambda: stage.media.plans)
        await until(lambda: not len(stage.calls.live), turns=4_000)
        assert (await stage.row(sid)).status is Status.COMPLETED
        assert await stage.kinds(sid) == ["call.completed"]
        (row,) = await stage.store.recordings(ACCOUNT, call_sid=sid)
        assert row.status == "completed"

    play(scene)


def test_a_single_track_of_a_call_is_recorded_in_one_channel() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(
            twiml="<Response><Pause length='3'/></Response>",
            record=True,
            recording_channels="dual",
            recording_track="outbound",
        )
        await until(lambda: stage.media.plans)
        assert "record outbound 1" in stage.media.said
        await until(lambda: not len(stage.calls.live), turns=1_000)
        (row,) = await stage.store.recordings(ACCOUNT, call_sid=sid)
        assert (row.track, row.channels) == ("outbound", 1)

    play(scene)


def test_the_api_ends_a_talking_call_as_completed_and_a_ringing_one_as_canceled() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        talking = await stage.queue(twiml="<Response><Pause length='100'/></Response>")
        await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "answered")
        stage.lines.on_call = lambda line: line.rings()
        ringing = await stage.queue(twiml="<Response/>", to="+12025550188")
        await until(lambda: len(stage.lines.placed) == 2)
        for sid in (talking, ringing):
            assert await stage.order(sid, "end")
        await until(lambda: not len(stage.calls.live))
        assert (await stage.row(talking)).status is Status.COMPLETED
        assert (await stage.row(ringing)).status is Status.CANCELED

    play(scene)


def test_a_new_document_takes_the_place_of_the_one_that_runs() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.media.hold = True
        stage.program.pages["/new"] = "<Response><Hangup/></Response>"
        sid = await stage.queue(twiml="<Response><Play loop='0'>http://program.example/tone.wav</Play></Response>")
        await until(lambda: "play clip x0" in stage.media.said)
        await stage.order(sid, "document", Order(url=f"{BASE}/new"))
        await until(lambda: not len(stage.calls.live))
        assert "quiet" in stage.media.said
        assert stage.program.asked[-1][0] == "/new"

    play(scene)


def test_a_call_lasts_no_longer_than_its_limit() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(twiml="<Response><Pause length='500'/></Response>", time_limit_s=30)
        await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "ended", turns=4_000)
        row = await stage.over(sid)
        assert row.status is Status.COMPLETED
        assert row.ended_ms is not None
        assert row.answered_ms is not None
        assert 30_000 <= row.ended_ms - row.answered_ms < 31_000

    play(scene)


def test_a_dead_media_worker_ends_its_calls_with_a_status() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(twiml="<Response><Record/></Response>", **CALLBACKS)
        await until(lambda: stage.media.plans)
        stage.media.dies()
        assert (await stage.over(sid)).status is Status.COMPLETED
        (row,) = await stage.store.recordings(ACCOUNT, call_sid=sid)
        assert row.status == "absent"
        assert (await stage.kinds(sid))[-1] == "call.completed"

    play(scene)


def test_without_room_for_media_a_call_fails() -> None:
    async def scene(stage: Stage) -> None:
        stage.media.full = True
        sid = await stage.queue(twiml="<Response/>", **CALLBACKS)
        await until(lambda: stage.rings)
        row = await stage.row(sid)
        assert (row.status, row.sip_status) == (Status.FAILED, 503)

    play(scene)


def test_a_call_waits_a_moment_for_a_media_worker_that_is_coming_back() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.media.away = True
        sid = await stage.queue(twiml="<Response><Hangup/></Response>")
        await asyncio.sleep(2)
        stage.media.away = False
        assert (await stage.over(sid)).status is Status.COMPLETED
        stage.media.away = True
        sid = await stage.queue(twiml="<Response/>")
        assert (await stage.over(sid, turns=1_000)).status is Status.FAILED

    play(scene)


def test_an_end_that_never_comes_is_not_waited_for() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(twiml="<Response><Pause length='1'/></Response>")
        await until(lambda: stage.lines.placed)
        stage.lines.placed[0].deaf = True
        await until(lambda: not len(stage.calls.live), turns=10_000)
        assert (await stage.row(sid)).status is Status.COMPLETED

    play(scene)


def test_a_process_that_stops_ends_its_calls() -> None:
    async def scene(stage: Stage) -> str:
        stage.lines.on_call = answers
        sid = await stage.queue(twiml="<Response><Pause length='500'/></Response>", **CALLBACKS)
        await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "answered")
        await stage.calls.operator.stop()
        row = await stage.row(sid)
        assert row.status is Status.COMPLETED
        assert (await stage.kinds(sid))[-1] == "call.completed"
        return sid

    play(scene)


def test_media_that_fails_alone_ends_its_call() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        sid = await stage.queue(twiml="<Response><Pause length='500'/></Response>")
        await until(lambda: stage.lines.placed and stage.lines.placed[0].state == "answered")
        stage.media.tell(LegFailed(sid, "silence"))
        assert (await stage.over(sid)).status is Status.COMPLETED

    play(scene)


def test_a_trunks_codecs_are_offered_in_its_order_as_far_as_they_are_spoken() -> None:
    async def scene(stage: Stage) -> None:
        stage.lines.on_call = answers
        stage.lines.encodings = ("opus", "PCMA")
        stage.program.pages["/voice"] = "<Response><Hangup/></Response>"
        await stage.over(await stage.queue(url=f"{BASE}/voice"))
        assert b"RTP/AVP 8 " in stage.lines.placed[0].offer
        stage.lines.encodings = ("G722",)
        await stage.over(await stage.queue(url=f"{BASE}/voice"))
        assert b"RTP/AVP 0 8 " in stage.lines.placed[1].offer

    play(scene)
