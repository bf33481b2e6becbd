"""Voice verbs: attributes read, defaults taken, and everything that does not run said."""

from typing import Any

import pytest

from ringfence.domain.twiml.parser import parse
from ringfence.domain.twiml.voice_verbs import (
    MAX_LOOP,
    MAX_PARTIES,
    Callback,
    Dial,
    Gather,
    Hangup,
    Party,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    Sms,
    read_voice_document,
)


def read(body: str) -> list[Any]:
    document = read_voice_document(parse(f"<Response>{body}</Response>"))
    assert document.warnings == ()
    return list(document.verbs)


def warned(body: str) -> tuple[list[Any], list[int]]:
    document = read_voice_document(parse(f"<Response>{body}</Response>"))
    return list(document.verbs), [warning.code for warning in document.warnings]


def test_defaults() -> None:
    say, *others = read("<Say>x</Say><Play>/a</Play><Pause/><Gather/><Record/><Redirect/><Reject/><Hangup/>")
    assert (say.content.text, say.voice, say.language, say.loop) == ("x", "man", "", 1)
    assert others == [Play(url="/a"), Pause(), Gather(), Record(), Redirect(), Reject(), Hangup()]
    assert read("<Dial>+12025550177</Dial>") == [Dial(parties=(Party(kind="number", address="+12025550177"),))]
    assert read("<Sms>hi</Sms>") == [Sms(body="hi")]


def test_every_attribute() -> None:
    assert read(
        "<Gather input='dtmf' action='/a' method='get' timeout='9' finishOnKey='*' numDigits='4' "
        "actionOnEmptyResult='TRUE'>"
        "<Pause length='0'/><Play digits='12w#'/></Gather>"
    ) == [
        Gather(
            prompts=(Pause(length_s=0), Play(digits="12w#")),
            action="/a",
            method="GET",
            timeout_s=9,
            finish_on_key="*",
            num_digits=4,
            action_on_empty_result=True,
        )
    ]
    assert read(
        "<Record action='/r' method='GET' timeout='0' finishOnKey='' maxLength='20' playBeep='false' "
        "trim='do-not-trim' recordingStatusCallback='/s' recordingStatusCallbackMethod='GET' "
        "recordingStatusCallbackEvent='in-progress completed'/>"
    ) == [
        Record(
            action="/r",
            method="GET",
            timeout_s=0,
            finish_on_key="",
            max_length_s=20,
            play_beep=False,
            trim=False,
            callback=Callback(url="/s", method="GET", events=("in-progress", "completed")),
        )
    ]
    assert read(
        "<Dial action='/d' method='GET' timeout='12' timeLimit='60' hangupOnStar='true' callerId='+12025550123' "
        "answerOnBridge='true' sequential='true' ringTone='de' record='record-from-answer-dual' "
        "recordingTrack='inbound' trim='trim-silence' recordingStatusCallback='/rs'><Number url='/w' method='GET' "
        "sendDigits='wW1' statusCallback='/n' statusCallbackEvent='ringing, answered'>+12025550177</Number>"
        "<Sip username='u' password='p'>sip:b@c.example</Sip>"
        "<Client><Identity>alice</Identity><Parameter name='a' value='b'/></Client></Dial>"
    ) == [
        Dial(
            parties=(
                Party(
                    kind="number",
                    address="+12025550177",
                    url="/w",
                    method="GET",
                    send_digits="wW1",
                    callback=Callback(url="/n", events=("ringing", "answered")),
                ),
                Party(kind="sip", address="sip:b@c.example", username="u", password="p"),
                Party(kind="client", address="alice", parameters=(("a", "b"),)),
            ),
            action="/d",
            method="GET",
            timeout_s=12,
            time_limit_s=60,
            hangup_on_star=True,
            caller_id="+12025550123",
            answer_on_bridge=True,
            sequential=True,
            ring_tone="de",
            record="record-from-answer-dual",
            recording_track="inbound",
            trim=True,
            recording_callback=Callback(url="/rs", events=("completed",)),
        )
    ]
    assert read("<Sms to='+1' from='+2' action='/a' method='GET' statusCallback='/s'> hi </Sms>") == [
        Sms(body="hi", to="+1", sender="+2", action="/a", method="GET", status_callback="/s")
    ]
    assert read("<Reject reason='busy'/><Redirect method='GET'> /n </Redirect>") == [
        Reject(reason="busy"),
        Redirect(url="/n", method="GET"),
    ]


def test_an_action_that_is_empty_is_told_from_none() -> None:
    assert [dial.action for dial in read("<Dial action=''>+1</Dial><Dial>+1</Dial>")] == ["", None]


def test_speech_keeps_its_markup_and_loops_are_bounded() -> None:
    (say,) = read("<Say voice='alice' language='en-GB' loop='0'>a <break time='1s'/> b</Say>")
    assert (say.loop, say.voice, say.language, say.content.children[0].name) == (0, "alice", "en-GB", "break")
    assert [verb.loop for verb in read("<Say loop='5000'>x</Say><Play loop='5000'>/a</Play>")] == [MAX_LOOP] * 2
    assert isinstance(read("<Say><p>x</p></Say>")[0], Say)


@pytest.mark.parametrize(
    ("body", "code", "verb"),
    [
        ("<Say loop='x'>x</Say>", 13510, None),
        ("<Say/>", 13520, []),
        ("<Play loop='-1'>/a</Play>", 13410, [Play(url="/a")]),
        ("<Play/>", 12200, []),
        ("<Pause length='x'/>", 13910, [Pause()]),
        ("<Gather finishOnKey='12'/>", 13310, [Gather()]),
        ("<Gather finishOnKey='x'/>", 13310, [Gather()]),
        ("<Gather method='PUT'/>", 13312, [Gather()]),
        ("<Gather timeout='0'/>", 13313, [Gather()]),
        ("<Gather numDigits='0'/>", 13314, [Gather()]),
        ("<Gather input='dtmf speech'/>", 12200, [Gather()]),
        ("<Gather actionOnEmptyResult='maybe'/>", 12200, [Gather()]),
        ("<Record method='x'/>", 13610, [Record()]),
        ("<Record timeout='x'/>", 13611, [Record()]),
        ("<Record maxLength='0'/>", 13612, [Record()]),
        ("<Record finishOnKey='a'/>", 13613, [Record()]),
        ("<Record transcribe='x'/>", 13614, [Record()]),
        ("<Record transcribe='true'/>", 12200, [Record()]),
        ("<Record playBeep='x'/>", 13616, [Record()]),
        ("<Record trim='x'/>", 12200, [Record()]),
        ("<Redirect method='x'/>", 13710, [Redirect()]),
        ("<Dial/>", 13215, []),
        ("<Dial method='x'>+1</Dial>", 13210, None),
        ("<Dial timeout='x'>+1</Dial>", 13212, None),
        ("<Dial hangupOnStar='x'>+1</Dial>", 13213, None),
        ("<Dial timeLimit='x'>+1</Dial>", 13216, None),
        ("<Dial passports='x'>+1</Dial>", 12200, None),
        ("<Dial><Number method='x'>+1</Number></Dial>", 13221, None),
        ("<Dial><Number sendDigits='x'>+1</Number></Dial>", 13222, None),
        ("<Dial><Number machineDetection='Enable'>+1</Number></Dial>", 12200, None),
        ("<Dial><Sip method='x'>sip:a@b</Sip></Dial>", 13241, None),
        ("<Sms/>", 14103, []),
        ("<Sms method='x'>hi</Sms>", 14104, [Sms(body="hi")]),
        ("<Echo/>", 12200, []),
        ("<Sing/>", 12200, []),
    ],
)
def test_a_value_that_makes_no_sense_is_warned_of_and_its_default_taken(
    body: str, code: int, verb: list[Any] | None
) -> None:
    verbs, codes = warned(body)
    assert codes == [code]
    assert verbs == verb if verb is not None else len(verbs) == 1


def test_a_party_that_cannot_be_rung_is_left_out() -> None:
    verbs, codes = warned("<Dial><Number/><Conference>room</Conference><Client>a</Client></Dial>")
    assert (codes, verbs[0].parties) == ([13223, 12200], (Party(kind="client", address="a"),))


def test_parties_are_bounded() -> None:
    verbs, codes = warned(f"<Dial>{'<Client>a</Client>' * (MAX_PARTIES + 1)}</Dial>")
    assert (codes, len(verbs[0].parties)) == ([13250], MAX_PARTIES)


def test_every_known_verb_runs_or_says_that_it_does_not() -> None:
    names = ("Connect", "Echo", "Enqueue", "Leave", "Pay", "Prompt", "Queue", "Refer", "Start", "Stop")
    document = read_voice_document(parse("<Response>" + "".join(f"<{name}/>" for name in names) + "</Response>"))
    assert [warning.message for warning in document.warnings] == [
        f"{name} is not supported yet and is skipped" for name in names
    ]


def test_no_repr_shows_whom_it_rings_or_what_it_says() -> None:
    verbs = read(
        "<Say>canary</Say><Play>/canary</Play><Redirect>/canary</Redirect><Sms to='canary'>canary</Sms>"
        "<Dial><Number statusCallback='/canary'>canary</Number></Dial>"
    )
    assert "canary" not in repr(verbs)
    assert "canary" not in repr(verbs[-1].parties)
