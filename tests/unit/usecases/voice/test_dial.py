"""A Dial: parties are rung at once or in turn, hear what they are to hear, and are joined with the caller."""

from typing import Any

import pytest
from tests.unit.usecases.voice.stage import ACCOUNT, BASE, CALLER, NUMBER, OTHER, FakeLine, Stage, play, until

from ringfence.domain.call import Direction, Order, Status
from ringfence.domain.standing import SipDomainConfig

THIRD = "+12025550199"


async def calls_in(stage: Stage, dial: str, **pages: str) -> FakeLine:
    stage.program.pages["/voice"] = f"<Response>{dial}</Response>"
    stage.program.pages.update({f"/{name}": page for name, page in pages.items()})
    return stage.comes_in()


async def rung(stage: Stage, count: int = 1) -> list[FakeLine]:
    await until(lambda: len(stage.lines.placed) == count)
    return stage.lines.placed


async def ended(stage: Stage) -> dict[str, Any]:
    """What the action was told, once all calls are over."""
    await until(lambda: stage.program.asked and stage.program.asked[-1][0] == "/after", turns=6_000)
    await until(lambda: not len(stage.calls.live))
    path, form = stage.program.asked[-1]
    assert path == "/after"
    return form


def test_the_two_are_joined_and_the_action_hears_how_it_went() -> None:
    async def scene(stage: Stage) -> None:
        caller = await calls_in(stage, f"<Dial action='/after'>{OTHER}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        assert line.destination is not None
        assert (line.destination.address, line.caller) == (OTHER, CALLER)
        line.rings()
        await until(lambda: "play tone x0" in stage.media.said)
        line.answers()
        await until(lambda: stage.media.bridges)
        assert caller.state == "answered"
        line.ends()
        form = await ended(stage)
        parent, child = await stage.all_rows()
        assert form["DialCallStatus"] == "completed"
        assert form["DialCallSid"] == child.sid
        assert form["DialBridged"] == "true"
        assert (child.parent_sid, child.direction, child.status) == (
            parent.sid, Direction.OUTBOUND_DIAL, Status.COMPLETED,
        )  # fmt: skip
        assert not stage.media.bridges

    play(scene)


def test_a_country_that_is_not_permitted_is_not_rung() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, "<Dial action='/after'>+442079460000</Dial>", after="<Response/>")
        form = await ended(stage)
        _, child = await stage.all_rows()
        assert (form["DialCallStatus"], child.status, child.error_code) == ("failed", Status.FAILED, 13227)
        assert stage.lines.placed == []

    play(scene)


def test_a_caller_who_hangs_up_ends_the_other_leg() -> None:
    async def scene(stage: Stage) -> None:
        caller = await calls_in(stage, f"<Dial action='/after'>{OTHER}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        line.answers()
        await until(lambda: stage.media.bridges)
        caller.ends()
        form = await ended(stage)
        assert form["DialCallStatus"] == "completed"
        assert form["CallStatus"] == "completed"
        assert line.state == "ended"

    play(scene)


def test_nobody_answers_in_time() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial action='/after' timeout='10'>{OTHER}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        line.rings()
        form = await ended(stage)
        assert form["DialCallStatus"] == "no-answer"
        assert form["DialBridged"] == "false"
        _, child = await stage.all_rows()
        assert child.status is Status.NO_ANSWER

    play(scene)


def test_busy_is_told_and_the_document_goes_on_without_an_action() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial>{OTHER}</Dial><Say>Nobody</Say>")
        (line,) = await rung(stage)
        line.ends(486)
        await until(lambda: stage.speech.said)
        await until(lambda: not len(stage.calls.live))
        assert (await stage.all_rows())[1].status is Status.BUSY

    play(scene)


def test_of_several_the_first_to_answer_is_joined_and_the_others_called_back() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(
            stage,
            f"<Dial action='/after'><Number>{OTHER}</Number><Client>amy</Client></Dial>",
            after="<Response/>",
        )
        first, second = await rung(stage, 2)
        first.rings()
        second.answers()
        await until(lambda: stage.media.bridges)
        assert first.state == "ended"
        second.ends()
        assert (await ended(stage))["DialCallStatus"] == "completed"
        statuses = [row.status for row in await stage.all_rows()]
        assert statuses == [Status.COMPLETED, Status.CANCELED, Status.COMPLETED]

    play(scene)


def test_in_turn_the_next_is_rung_when_the_one_before_does_not_answer() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(
            stage,
            f"<Dial sequential='true' timeout='5' action='/after'><Number>{OTHER}</Number>"
            f"<Number>{THIRD}</Number></Dial>",
            after="<Response/>",
        )
        await rung(stage, 1)
        _, second = await rung_after(stage)
        second.answers()
        await until(lambda: stage.media.bridges)
        second.ends()
        assert (await ended(stage))["DialCallStatus"] == "completed"

    async def rung_after(stage: Stage) -> list[FakeLine]:
        await until(lambda: len(stage.lines.placed) == 2, turns=1_000)
        return stage.lines.placed

    play(scene)


def test_a_party_hears_its_own_document_first_and_may_decline() -> None:
    async def scene(stage: Stage) -> None:
        dial = f"<Dial action='/after'><Number url='/whisper'>{OTHER}</Number><Number url='/no'>{THIRD}</Number></Dial>"
        await calls_in(
            stage,
            dial,
            after="<Response/>",
            whisper="<Response><Say>A call for you</Say></Response>",
            no="<Response><Hangup/></Response>",
        )
        first, second = await rung(stage, 2)
        second.answers()
        await until(lambda: second.state == "ended")
        assert not stage.media.bridges
        first.answers()
        await until(lambda: stage.media.bridges)
        assert len(stage.speech.said) == 1
        whispered = next(form for path, form in stage.program.asked if path == "/whisper")
        assert whispered["ParentCallSid"] == (await stage.all_rows())[0].sid
        first.ends()
        assert (await ended(stage))["DialCallStatus"] == "completed"

    play(scene)


def test_a_call_that_is_answered_on_the_bridge_rings_until_then() -> None:
    async def scene(stage: Stage) -> None:
        caller = await calls_in(
            stage, f"<Dial answerOnBridge='true' action='/after'>{OTHER}</Dial>", after="<Response/>"
        )
        (line,) = await rung(stage)
        line.rings()
        assert caller.state == "ringing"
        line.answers()
        await until(lambda: stage.media.bridges)
        assert caller.state == "answered"
        line.ends()
        await ended(stage)

    play(scene)


def test_a_star_ends_the_dial_where_that_was_asked() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial hangupOnStar='true' action='/after'>{OTHER}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        line.answers()
        await until(lambda: stage.media.bridges)
        parent = (await stage.all_rows())[0]
        stage.media.presses(parent.sid, "*")
        assert (await ended(stage))["DialCallStatus"] == "completed"
        assert line.state == "ended"

    play(scene)


def test_a_dial_is_recorded_from_the_answer_on() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(
            stage, f"<Dial record='record-from-answer-dual' action='/after'>{OTHER}</Dial>", after="<Response/>"
        )
        (line,) = await rung(stage)
        line.rings()
        assert not stage.media.plans
        line.answers()
        await until(lambda: stage.media.plans)
        assert "record both 2" in stage.media.said
        line.ends()
        form = await ended(stage)
        parent = (await stage.all_rows())[0]
        (recording,) = await stage.store.recordings(parent.account, call_sid=parent.sid)
        assert f"/Recordings/{recording.sid}?Capability=" in form["RecordingUrl"]
        assert recording.source == "DialVerb"

    play(scene)


def test_a_caller_id_that_is_not_the_accounts_is_not_shown() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial callerId='{THIRD}' action='/after'>{OTHER}</Dial>", after="<Response/>")
        assert (await ended(stage))["DialCallStatus"] == "failed"
        assert not stage.lines.placed

    play(scene)


def test_our_own_number_may_be_shown() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial callerId='{NUMBER}'>{OTHER}</Dial>")
        (line,) = await rung(stage)
        assert line.caller == NUMBER
        line.ends(486)

    play(scene)


@pytest.mark.parametrize("written", ["", f" callerId='{THIRD}'", f" callerId='sip:{THIRD}@bank.example'"])
@pytest.mark.parametrize("sender", [f"sip:{THIRD}@bank.example", THIRD[1:], "client:bank"])
def test_what_a_program_wrote_itself_is_no_caller_of_a_number(sender: str, written: str) -> None:
    async def scene(stage: Stage) -> None:
        dial = f"<Response><Dial{written} action='{BASE}/after'>{OTHER}</Dial></Response>"
        stage.program.pages["/after"] = "<Response/>"
        stage.lines.on_call = lambda line: line.answers()
        await stage.queue("client:amy", sender, twiml=dial, url=f"{BASE}/voice")
        assert (await ended(stage))["DialCallStatus"] == "failed"
        assert [line.destination.kind for line in stage.lines.placed if line.destination] == ["client"]

    play(scene)


def test_a_client_that_calls_a_number_shows_none_that_it_only_typed() -> None:
    async def scene(stage: Stage) -> None:
        stage.domains["SD1"] = SipDomainConfig(voice_url=f"{BASE}/voice")
        stage.program.pages["/voice"] = f"<Response><Dial callerId='{THIRD}' action='/after'>{OTHER}</Dial></Response>"
        stage.program.pages["/after"] = "<Response/>"
        stage.comes_in(source="domain:SD1", account=ACCOUNT, to=THIRD, sender=f"sip:{THIRD}@barber.example")
        assert (await ended(stage))["DialCallStatus"] == "failed"
        assert not stage.lines.placed

    play(scene)


def test_a_phone_whose_name_is_the_accounts_own_number_shows_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.domains["SD1"] = SipDomainConfig(voice_url=f"{BASE}/voice")
        stage.program.pages["/voice"] = f"<Response><Dial>{OTHER}</Dial></Response>"
        stage.comes_in(source="domain:SD1", account=ACCOUNT, to="sip:x@barber", sender=f"sip:{NUMBER}@barber.example")
        (line,) = await rung(stage)
        assert line.caller == NUMBER
        line.ends(486)

    play(scene)


def test_a_time_limit_ends_what_was_joined() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial timeLimit='15' action='/after'>{OTHER}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        line.answers()
        form = await ended(stage)
        assert int(form["DialCallDuration"]) in {15, 16}

    play(scene)


def test_a_joined_party_may_be_given_a_document_of_its_own() -> None:
    async def scene(stage: Stage) -> None:
        stage.program.pages["/hold"] = "<Response><Pause length='60'/></Response>"
        await calls_in(stage, f"<Dial action='/after'>{OTHER}</Dial>", after="<Response><Hangup/></Response>")
        (line,) = await rung(stage)
        line.answers()
        await until(lambda: stage.media.bridges)
        _, child = await stage.all_rows()
        await stage.order(child.sid, "document", Order(url=f"{BASE}/hold"))
        await until(lambda: len(stage.calls.live) == 1)
        assert line.state == "answered"
        assert not stage.media.bridges
        await stage.order(child.sid, "end")
        await stage.over(child.sid)

    play(scene)


def test_the_callbacks_of_a_party_are_those_that_were_asked_for() -> None:
    async def scene(stage: Stage) -> None:
        noun = f"<Number statusCallback='/s' statusCallbackEvent='initiated answered completed'>{OTHER}</Number>"
        await calls_in(stage, f"<Dial action='/after'>{noun}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        line.rings()
        line.answers()
        await until(lambda: stage.media.bridges)
        line.ends()
        await ended(stage)
        _, child = await stage.all_rows()
        assert await stage.kinds(child.sid) == ["call.initiated", "call.answered", "call.completed"]
        events = await stage.store.events(child.account, child.sid)
        assert [event.sequence for event in events] == [0, 1, 2]

    play(scene)


def test_early_media_is_heard_instead_of_our_tone() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, f"<Dial action='/after'>{OTHER}</Dial>", after="<Response/>")
        (line,) = await rung(stage)
        line.rings(early=True)
        await until(lambda: stage.media.bridges)
        assert "quiet" in stage.media.said
        line.ends(486)
        assert (await ended(stage))["DialCallStatus"] == "busy"
        assert not stage.media.bridges

    play(scene)


def test_a_number_that_is_none_fails_and_is_explained() -> None:
    async def scene(stage: Stage) -> None:
        await calls_in(stage, "<Dial action='/after'>12</Dial>", after="<Response/>")
        assert (await ended(stage))["DialCallStatus"] == "failed"

    play(scene)
