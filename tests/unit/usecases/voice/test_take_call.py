"""A call that comes in: led to its number's document, answered when that wants it, or turned away."""

import asyncio

import pytest
from tests.unit.usecases.voice.stage import ACCOUNT, BASE, CALLER, NUMBER, Stage, play, until

from ringfence.domain.call import Direction, Status
from ringfence.domain.standing import (
    ApplicationConfig,
    SipDomainConfig,
    application_record,
    encode_application_config,
)
from ringfence.ports.applications import ApplicationRow


async def only(stage: Stage) -> str:
    await until(lambda: len(stage.calls.live) or stage.program.asked)
    rows = await stage.all_rows()
    return rows[0].sid


def test_a_call_to_a_number_runs_its_voice_url_and_is_answered_by_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Say>Welcome</Say></Response>"
        line = stage.comes_in()
        sid = await only(stage)
        row = await stage.over(sid)
        assert row.status is Status.COMPLETED
        assert row.direction is Direction.INBOUND
        assert (row.local, row.phone_number_sid) == (NUMBER, "PN" + "1" * 32)
        assert row.answered_ms is not None
        assert line.state == "ended"
        (asked,) = stage.program.asked
        assert asked[1]["CallStatus"] == "ringing"
        assert (asked[1]["From"], asked[1]["To"], asked[1]["Direction"]) == (CALLER, NUMBER, "inbound")
        assert asked[1]["FromCountry"] == "US"
        assert stage.media.remotes[sid].signalled == line.peer_host

    play(scene)


@pytest.mark.parametrize(
    ("document", "sip", "status"),
    [
        ("<Response><Reject/></Response>", 603, Status.NO_ANSWER),
        ("<Response><Reject reason='busy'/></Response>", 486, Status.BUSY),
        ("not found", 480, Status.FAILED),
    ],
)
def test_a_call_may_be_turned_away_unanswered(document: str, sip: int, status: Status) -> None:
    async def scene(stage: Stage) -> None:
        if document.startswith("<"):
            stage.program.pages["/voice"] = document
        line = stage.comes_in()
        sid = await only(stage)
        row = await stage.over(sid)
        assert (row.status, line.refused, row.answered_ms) == (status, sip, None)

    play(scene)


def test_a_document_that_hangs_up_at_once_has_answered() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response/>"
        stage.comes_in()
        assert (await stage.over(await only(stage))).status is Status.COMPLETED

    play(scene)


def test_a_caller_who_gives_up_has_had_no_answer() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Pause length='30'/></Response>"
        line = stage.comes_in()
        sid = await only(stage)
        await until(lambda: line.state == "ringing")
        line.ends(487)
        assert (await stage.over(sid)).status is Status.NO_ANSWER

    play(scene)


def test_a_number_that_nobody_owns_is_not_found_and_leaves_no_row() -> None:
    async def scene(stage: Stage) -> None:
        line = stage.comes_in()
        line.to = "+12025550999"
        await until(lambda: line.refused)
        assert line.refused == 404
        assert await stage.all_rows() == []

    play(scene)


def test_while_the_key_service_is_away_calls_are_refused_for_now() -> None:
    async def scene(stage: Stage) -> None:
        stage.keys.away = True
        line = stage.comes_in()
        await until(lambda: line.refused, turns=1_000)
        assert line.refused == 503

    play(scene)


def test_a_key_service_that_is_started_again_loses_no_call() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Say>x</Say></Response>"
        stage.keys.away = True
        line = stage.comes_in()
        await asyncio.sleep(2)
        assert not line.refused
        stage.keys.away = False
        await until(lambda: stage.program.asked)
        assert (await stage.over((await stage.all_rows())[0].sid)).status is Status.COMPLETED

    play(scene)


def test_a_call_without_a_common_codec_is_refused_with_488() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Say>x</Say></Response>"
        line = stage.comes_in()
        line.offer = line.offer.replace(b"RTP/AVP 0 8 101", b"RTP/AVP 18")
        sid = await only(stage)
        row = await stage.over(sid)
        assert (line.refused, row.status) == (488, Status.FAILED)

    play(scene)


def test_a_hold_is_answered_and_its_sound_stopped() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Say>x</Say><Pause length='30'/></Response>"
        line = stage.comes_in()
        await only(stage)
        await until(lambda: line.state == "answered" and line.listener is not None)
        assert line.listener is not None
        held = line.offer.replace(b"a=sendrecv", b"a=sendonly")
        assert b"a=recvonly" in line.listener.offered(held)
        await until(lambda: "connect PCMU held" in stage.media.said)
        assert line.listener.offered(b"garbage") == b""
        line.ends()

    play(scene)


def test_a_number_without_a_voice_url_takes_no_calls() -> None:
    async def scene(stage: Stage) -> None:
        line = stage.comes_in()
        await until(lambda: line.refused)
        (row,) = await stage.all_rows()
        assert (await stage.over(row.sid)).status is Status.NO_ANSWER

    play(scene, voice_url="")


def test_a_detour_answers_calls_to_its_number_with_no_fallback_of_the_numbers_own() -> None:
    async def scene(stage: Stage) -> None:
        stage.detours = {NUMBER: f"{BASE}/mine"}
        stage.program.pages["/fallback"] = "<Response><Say>Welcome</Say></Response>"
        line = stage.comes_in()
        await until(lambda: line.refused)
        assert [path for path, _ in stage.program.asked] == ["/mine"]

    play(scene, voice_url=f"{BASE}/usual")


def test_a_detour_of_another_number_changes_nothing() -> None:
    async def scene(stage: Stage) -> None:
        stage.detours = {CALLER: f"{BASE}/mine"}
        stage.program.pages["/voice"] = "<Response><Hangup/></Response>"
        stage.comes_in()
        await stage.over(await only(stage))
        assert [path for path, _ in stage.program.asked] == ["/voice"]

    play(scene)


def test_the_numbers_status_callback_hears_that_the_call_is_over() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Hangup/></Response>"
        stage.comes_in()
        sid = await only(stage)
        await stage.over(sid)
        assert await stage.kinds(sid) == ["call.completed"]

    play(scene, status_callback=f"{BASE}/status")


def test_a_text_is_sent_to_the_caller() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/voice"] = "<Response><Sms>Thanks</Sms></Response>"
        stage.comes_in()
        await stage.over(await only(stage))
        assert stage.texts.sent == [(NUMBER, CALLER, "Thanks")]

    play(scene)


def test_a_call_to_a_sip_domain_runs_what_the_domain_says() -> None:
    async def scene(stage: Stage) -> None:
        stage.domains["SD1"] = SipDomainConfig(voice_url=f"{BASE}/sip")
        stage.program.pages["/sip"] = "<Response><Say>Hello</Say></Response>"
        for source, refused in (("domain:SD1", 0), ("domain:SD2", 404), ("client", 404)):
            line = stage.comes_in("sip:amy@pbx.example")
            line.source, line.account, line.to = source, ACCOUNT, "sip:desk@fade.sip.localhost"
            await until(lambda line=line: line.state == "ended")  # type: ignore[misc]
            assert line.refused == refused
        (asked,) = stage.program.asked
        assert asked[1]["To"] == "sip:desk@fade.sip.localhost"
        assert "ToCountry" not in asked[1]

    play(scene)


def test_a_client_runs_the_application_of_its_token_whomever_it_calls() -> None:
    async def scene(stage: Stage) -> None:
        sid = "AP" + "1" * 32
        value = encode_application_config(ApplicationConfig(voice_url=f"{BASE}/app"))
        standing = stage.keys.seal_standing(ACCOUNT, application_record(sid), value)
        await stage.store.create_application(
            ApplicationRow(account=ACCOUNT, sid=sid, friendly_name="x", standing=standing, created_ms=1, updated_ms=1)
        )
        stage.program.pages["/app"] = "<Response><Hangup/></Response>"
        line = stage.comes_in("client:ada")
        line.source, line.account, line.to = "client", ACCOUNT, "sip:grace%20h@127.0.0.1:5066"
        line.application = sid
        await until(lambda: line.state == "ended")
        (asked,) = stage.program.asked
        form = asked[1]
        assert (form["From"], form["To"], form["ApplicationSid"]) == ("client:ada", "grace h", sid)

    play(scene)


def test_a_number_that_refers_to_an_application_runs_it_while_it_is_there() -> None:
    async def scene(stage: Stage) -> None:
        sid = "AP" + "2" * 32
        value = encode_application_config(ApplicationConfig(voice_url=f"{BASE}/app", voice_method="GET"))
        standing = stage.keys.seal_standing(ACCOUNT, application_record(sid), value)
        await stage.store.create_application(
            ApplicationRow(account=ACCOUNT, sid=sid, friendly_name="x", standing=standing, created_ms=1, updated_ms=1)
        )
        for page in ("/app", "/voice"):
            stage.program.pages[page] = "<Response><Hangup/></Response>"
        line = stage.comes_in()
        await until(lambda: line.state == "ended")
        await stage.store.delete_application(ACCOUNT, sid)
        again = stage.comes_in()
        await until(lambda: again.state == "ended")
        assert [page for page, _ in stage.program.asked] == ["/app", "/voice"]
        by_application, by_number = (form for _, form in stage.program.asked)
        assert by_application["ApplicationSid"] == sid
        assert "ApplicationSid" not in by_number

    play(scene, voice_application_sid="AP" + "2" * 32)
