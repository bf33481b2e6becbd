"""Documents run verb by verb: each test is a call, told as what the line reports and what it is asked to do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.twiml.interpreter import (
    MAX_DIGITS,
    MAX_IDLE_DOCUMENTS,
    Answer,
    CallEnded,
    DialEnded,
    Effect,
    End,
    Event,
    Fetch,
    Fetched,
    FetchFailed,
    Interpreter,
    Key,
    PlaySound,
    RecordingEnded,
    Refuse,
    Ring,
    SendText,
    SetTimer,
    SoundEnded,
    Speak,
    StartRecording,
    State,
    StopDialing,
    StopRecording,
    StopSound,
    TextSent,
    TimerFired,
)
from ringfence.domain.twiml.parser import parse
from ringfence.domain.twiml.voice_verbs import read_voice_document

URL = "https://app.example/voice"


def fetched(body: str, *, url: str = URL, token: int | None = None) -> Fetched:
    return Fetched(read_voice_document(parse(f"<Response>{body}</Response>")), url, token)


class Line:
    """An interpreter with what it last asked for, so that reports carry the right token."""

    def __init__(self, body: str, *, answered: bool = False) -> None:
        self.interpreter = Interpreter(answered=answered)
        self.token = 0
        self.said = self.take(fetched(body))

    def take(self, event: Event) -> list[str]:
        """Report an event; what is to be done, in words."""
        effects = self.interpreter.handle(event)
        for effect in effects:
            self.token = getattr(effect, "token", self.token)
        return [words(effect) for effect in effects]

    def sound_ended(self) -> list[str]:
        return self.take(SoundEnded(self.token))

    def timer(self) -> list[str]:
        return self.take(TimerFired(self.token))

    def keys(self, keys: str) -> list[str]:
        return [word for key in keys for word in self.take(Key(key))]

    def next_document(self, body: str, url: str = URL) -> list[str]:
        return self.take(fetched(body, url=url, token=self.token))

    @property
    def state(self) -> State:
        return self.interpreter.state


def words(effect: Effect) -> str:
    match effect:
        case Speak(say):
            return f"say {say.content.text}"
        case PlaySound(play):
            return f"play {play.url or play.digits} x{play.loop}"
        case SetTimer(after_ms):
            return f"wait {after_ms}"
        case Fetch():
            fields = "&".join(f"{name}={value}" for name, value in effect.fields if name != "msg")
            return f"{effect.method} {effect.url}{' final' if effect.final else ''}{' ' if fields else ''}{fields}"
        case Ring(dial):
            return "ring " + ", ".join(party.address for party in dial.parties)
        case SendText(sms):
            return f"text {sms.body}"
        case Refuse(reason):
            return f"refuse {reason}"
        case End(code):
            return "end" if code is None else f"end {code}"
        case StartRecording(record):
            return f"record {record.max_length_s}"
    plain: dict[type, str] = {
        Answer: "answer",
        StopSound: "quiet",
        StopRecording: "stop recording",
        StopDialing: "stop dialing",
    }
    return plain[type(effect)]


def test_verbs_run_one_after_the_other_and_the_call_ends_after_the_last() -> None:
    line = Line("<Say>hello</Say><Pause length='2'/><Play loop='3'>/a.mp3</Play><Play digits='1w2'/>")
    assert line.said == ["answer", "say hello"]
    assert line.sound_ended() == ["wait 2000"]
    assert line.timer() == ["play /a.mp3 x3"]
    assert line.sound_ended() == ["play 1w2 x1"]
    assert line.sound_ended() == ["end"]
    assert line.state is State.ENDED
    assert line.sound_ended() == []


def test_an_empty_document_ends_the_call() -> None:
    assert Line("").said == ["end"]


@pytest.mark.parametrize(
    ("body", "effects"),
    [
        ("<Reject/>", ["refuse rejected"]),
        ("<Reject reason='busy'/><Say>x</Say>", ["refuse busy"]),
        ("<Pause/><Say>x</Say>", ["wait 1000"]),
        ("<Redirect>/next</Redirect><Say>x</Say>", ["POST /next"]),
        ("<Redirect method='GET'/>", [f"GET {URL}"]),
        ("<Hangup/><Say>x</Say>", ["end"]),
        ("<Dial answerOnBridge='true'>+12025550177</Dial>", ["ring +12025550177"]),
        ("<Dial>+12025550177</Dial>", ["answer", "ring +12025550177"]),
        ("<Record/>", ["answer", "record 3600"]),
        ("<Gather/>", ["answer", "wait 5000"]),
        ("<Sms>hi</Sms>", ["answer", "text hi"]),
    ],
)
def test_some_verbs_leave_the_call_unanswered(body: str, effects: list[str]) -> None:
    assert Line(body).said == effects


def test_a_call_that_was_answered_is_not_answered_again_nor_refused() -> None:
    assert Line("<Say>x</Say>", answered=True).said == ["say x"]
    assert Line("<Reject/>", answered=True).said == ["end"]
    line = Line("<Dial answerOnBridge='true'>+12025550177</Dial><Say>bye</Say>")
    line.interpreter.answered()
    assert line.take(DialEnded(token=line.token, status="completed")) == ["say bye"]


def test_digits_end_the_prompt_and_go_to_the_action() -> None:
    line = Line("<Gather numDigits='2' action='/menu'><Say>press</Say><Play>/b.mp3</Play></Gather><Say>none</Say>")
    assert line.said == ["answer", "say press"]
    assert line.sound_ended() == ["play /b.mp3 x1"]
    assert line.keys("4") == ["quiet", "wait 5000"]
    assert line.keys("2") == ["POST /menu Digits=42"]
    assert line.state is State.FETCHING
    assert line.next_document("<Say>chosen</Say>") == ["say chosen"]


def test_a_finishing_key_ends_the_digits_and_is_named() -> None:
    line = Line("<Gather finishOnKey='*' method='GET'/>")
    assert line.keys("1#") == ["wait 5000", "wait 5000"]
    assert line.keys("*") == [f"GET {URL} Digits=1#&FinishedOnKey=*"]


def test_without_a_finishing_key_time_ends_the_digits() -> None:
    line = Line("<Gather finishOnKey='' timeout='3'/>")
    assert line.keys("1#*") == ["wait 3000"] * 3
    assert line.timer() == [f"POST {URL} Digits=1#*"]


def test_digits_that_never_end_are_cut_off() -> None:
    line = Line("<Gather finishOnKey=''/>")
    assert line.keys("7" * (MAX_DIGITS - 1)) == ["wait 5000"] * (MAX_DIGITS - 1)
    assert line.keys("8") == [f"POST {URL} Digits={'7' * (MAX_DIGITS - 1)}8"]


def test_each_key_begins_the_wait_anew_and_the_old_timer_counts_no_more() -> None:
    line = Line("<Gather/>")
    first = line.token
    line.keys("1")
    assert line.take(TimerFired(first)) == []
    assert line.timer() == [f"POST {URL} Digits=1"]


def test_no_digits_go_on_with_the_document_or_to_the_action_if_asked() -> None:
    quiet = Line("<Gather timeout='1'><Say>press</Say></Gather><Say>bye</Say>")
    assert quiet.sound_ended() == ["wait 1000"]
    assert quiet.timer() == ["say bye"]
    told = Line("<Gather actionOnEmptyResult='true'/><Say>bye</Say>")
    assert told.timer() == [f"POST {URL} Digits="]
    finished = Line("<Gather/><Say>bye</Say>")
    assert finished.keys("#") == ["say bye"]


def test_a_pause_between_prompts_is_no_timeout() -> None:
    line = Line("<Gather><Pause length='1'/><Say>press</Say><Pause length='2'/></Gather><Say>bye</Say>")
    assert line.said == ["answer", "wait 1000"]
    assert line.timer() == ["say press"]
    assert line.sound_ended() == ["wait 2000"]
    assert line.timer() == ["wait 5000"]
    assert line.timer() == ["say bye"]


def test_a_key_during_a_pause_makes_nothing_quiet() -> None:
    assert Line("<Gather><Pause/><Say>x</Say></Gather>").keys("1") == ["wait 5000"]


def test_one_gather_after_another_starts_with_no_digits() -> None:
    line = Line("<Gather/><Gather numDigits='2'/><Gather/>")
    assert line.timer() == ["wait 5000"]
    assert line.keys("1") == ["wait 5000"]
    assert line.keys("2") == [f"POST {URL} Digits=12"]
    nothing = Line("<Gather/><Gather/>")
    assert [nothing.timer(), nothing.timer()] == [["wait 5000"], ["end"]]


def test_keys_while_no_one_gathers_are_lost() -> None:
    line = Line("<Say>x</Say><Gather numDigits='1'/>")
    assert line.keys("123") == []
    assert line.sound_ended() == ["wait 5000"]
    assert line.keys("4") == [f"POST {URL} Digits=4"]


def recorded(line: Line, duration_s: int = 4, digits: str = "") -> list[str]:
    return line.take(RecordingEnded(token=line.token, sid="RE1", url="u", duration_s=duration_s, digits=digits))


def test_a_recording_ends_at_its_key_and_goes_to_the_action() -> None:
    line = Line("<Record action='/done' finishOnKey='#'/><Say>never</Say>")
    assert line.keys("1") == []
    assert line.keys("#") == ["stop recording"]
    assert recorded(line, digits="#") == ["POST /done RecordingUrl=u&RecordingSid=RE1&RecordingDuration=4&Digits=#"]


def test_an_empty_recording_goes_on_with_the_document() -> None:
    line = Line("<Record/><Say>nothing heard</Say>")
    assert recorded(line, duration_s=0) == ["say nothing heard"]


def test_a_hangup_while_recording_tells_the_program_and_runs_no_answer() -> None:
    line = Line("<Record/><Say>x</Say>")
    assert line.take(CallEnded()) == ["stop recording"]
    assert recorded(line) == [f"POST {URL} final RecordingUrl=u&RecordingSid=RE1&RecordingDuration=4&Digits=hangup"]
    assert line.next_document("<Say>x</Say>") == []
    empty = Line("<Record/><Say>x</Say>")
    empty.take(CallEnded())
    assert recorded(empty, duration_s=0) == []
    assert empty.state is State.ENDED


def test_a_dial_goes_on_or_to_its_action() -> None:
    onward = Line("<Dial>+12025550177</Dial><Say>bye</Say>")
    assert onward.take(DialEnded(token=onward.token, status="busy")) == ["say bye"]
    action = Line("<Dial action='/after' method='GET'><Client>a</Client><Sip>sip:b@c</Sip></Dial><Say>never</Say>")
    assert action.said == ["answer", "ring a, sip:b@c"]
    ended = DialEnded(
        token=action.token, status="completed", call_sid="CA2", duration_s=9, bridged=True, recording_url="r"
    )
    assert action.take(ended) == [
        "GET /after DialCallStatus=completed&DialBridged=true&DialCallSid=CA2&DialCallDuration=9&RecordingUrl=r"
    ]
    here = Line("<Dial action=''>+12025550177</Dial>")
    assert here.take(DialEnded(token=here.token, status="no-answer")) == [
        f"POST {URL} DialCallStatus=no-answer&DialBridged=false"
    ]


def test_star_hangs_up_on_the_other_party_where_asked() -> None:
    assert Line("<Dial hangupOnStar='true'>+12025550177</Dial>").keys("1*") == ["stop dialing"]
    assert Line("<Dial>+12025550177</Dial>").keys("*") == []


def test_a_hangup_while_dialing_ends_the_other_leg_and_tells_the_program() -> None:
    line = Line("<Dial action='/after'>+12025550177</Dial>")
    assert line.take(CallEnded()) == ["stop dialing"]
    assert line.take(DialEnded(token=line.token, status="completed")) == [
        "POST /after final DialCallStatus=completed&DialBridged=false"
    ]
    quiet = Line("<Dial>+12025550177</Dial><Say>x</Say>")
    quiet.take(CallEnded())
    assert quiet.take(DialEnded(token=quiet.token, status="canceled")) == []


def test_a_text_is_sent_and_its_action_told() -> None:
    onward = Line("<Sms>hi</Sms><Say>sent</Say>")
    assert onward.take(TextSent(onward.token, "SM1", "queued")) == ["say sent"]
    action = Line("<Sms action='/sms'>hi</Sms>")
    assert action.take(TextSent(action.token, "SM1", "queued")) == ["POST /sms MessageSid=SM1&MessageStatus=queued"]


@pytest.mark.parametrize(
    ("body", "effects"),
    [
        ("<Say>x</Say>", ["quiet"]),
        ("<Gather><Say>x</Say></Gather>", ["quiet"]),
        ("<Gather/>", []),
        ("<Gather><Pause/></Gather>", []),
        ("<Pause/>", []),
        ("<Redirect/>", []),
        ("<Sms>x</Sms>", []),
    ],
)
def test_a_hangup_ends_it(body: str, effects: list[str]) -> None:
    line = Line(body)
    assert line.take(CallEnded()) == effects
    assert line.state is State.ENDED
    assert line.take(CallEnded()) == []
    assert (line.sound_ended(), line.timer(), line.keys("1#"), line.next_document("<Say>x</Say>")) == ([], [], [], [])


@pytest.mark.parametrize(
    ("body", "stopped"),
    [
        ("<Say>x</Say>", ["quiet"]),
        ("<Gather><Say>x</Say></Gather>", ["quiet"]),
        ("<Gather/>", []),
        ("<Pause/>", []),
        ("<Record/>", ["stop recording"]),
        ("<Dial>+12025550177</Dial>", ["stop dialing"]),
        ("<Redirect/>", []),
    ],
)
def test_a_live_call_is_changed_at_once_and_what_ran_before_counts_no_more(body: str, stopped: list[str]) -> None:
    line = Line(body, answered=True)
    before = line.token
    assert line.take(fetched("<Record/>", url="https://app.example/new")) == [*stopped, "record 3600"]
    late: list[Any] = [
        SoundEnded(before),
        TimerFired(before),
        RecordingEnded(token=before, sid="RE0", url="", duration_s=1),
        DialEnded(token=before, status="canceled"),
        fetched("<Say>late</Say>", token=before),
        FetchFailed(11200, before),
    ]
    assert [line.take(event) for event in late] == [[]] * len(late)
    assert recorded(line)[0].startswith("POST https://app.example/new Recording")


def test_a_document_that_cannot_be_had_ends_the_call_with_its_code() -> None:
    line = Line("<Redirect>/gone</Redirect>")
    assert line.take(FetchFailed(11200, line.token)) == ["end 11200"]
    assert Line("<Say>x</Say>").take(FetchFailed(11200, 0)) == []


def test_redirects_that_never_say_anything_end_the_call() -> None:
    line = Line("<Redirect/>")
    for _ in range(MAX_IDLE_DOCUMENTS - 1):
        assert line.next_document("<Redirect/>") == [f"POST {URL}"]
    assert line.next_document("<Redirect/>") == ["end 11215"]


def test_pauses_that_take_no_time_are_no_way_out_of_that() -> None:
    document = "<Pause length='0'/><Redirect/>"
    line = Line(document)
    for _ in range(MAX_IDLE_DOCUMENTS - 1):
        assert line.timer() == [f"POST {URL}"]
        assert line.next_document(document) == ["wait 0"]
    line.timer()
    assert line.next_document(document) == ["end 11215"]


def test_a_loop_that_takes_time_may_go_on_for_ever() -> None:
    line = Line("<Pause/><Redirect/>")
    for _ in range(MAX_IDLE_DOCUMENTS * 2):
        assert line.timer() == [f"POST {URL}"]
        assert line.next_document("<Pause/><Redirect/>") == ["wait 1000"]


def test_a_documents_url_is_what_an_action_without_one_means() -> None:
    line = Line("<Redirect>/next</Redirect>")
    line.next_document("<Gather/>", url="https://app.example/next")
    assert (line.keys("1"), line.timer()) == (["wait 5000"], ["POST https://app.example/next Digits=1"])


EVENTS = st.sampled_from(
    ["sound", "timer", "1", "#", "recorded", "dialed", "texted", "document", "failed", "gone", "change"]
)
BODIES = st.lists(
    st.sampled_from(
        [
            "<Say>x</Say>", "<Pause/>", "<Gather><Say>y</Say><Pause/></Gather>", "<Gather/>", "<Record/>",
            "<Redirect/>", "<Dial action='/d' hangupOnStar='true'>+12025550177</Dial>", "<Sms action='/s'>x</Sms>",
            "<Reject/>",
        ]
    ),
    max_size=4,
).map("".join)  # fmt: skip


@given(body=BODIES, course=st.lists(EVENTS, max_size=25))
def test_whatever_happens_it_ends_once_and_is_quiet_then(body: str, course: list[str]) -> None:
    line = Line(body)
    effects = list(line.said)
    for name in course:
        ended = line.state is State.ENDED
        event: dict[str, Event] = {
            "sound": SoundEnded(line.token),
            "timer": TimerFired(line.token),
            "recorded": RecordingEnded(token=line.token, sid="RE1", url="u", duration_s=1),
            "dialed": DialEnded(token=line.token, status="completed"),
            "texted": TextSent(line.token, "SM1", "queued"),
            "document": fetched(body, token=line.token),
            "failed": FetchFailed(11200, line.token),
            "gone": CallEnded(),
            "change": fetched("<Say>new</Say>"),
        }
        came = line.take(event.get(name) or Key(name))
        assert not (ended and came)
        effects += came
    finals = [word for word in effects if word.startswith(("end", "refuse")) or " final" in word]
    assert len(finals) <= 1
    assert effects.count("answer") <= 1


def test_no_repr_shows_what_was_pressed_or_called() -> None:
    line = Line("<Gather action='/secret'><Say>hush</Say></Gather>")
    line.keys("4")
    shown = [line.interpreter, Key("4"), fetched("<Say>hush</Say>"), Fetch(url="/secret", token=1)]
    for text in map(repr, shown):
        assert not any(secret in text for secret in ("hush", "secret", "'4'"))
