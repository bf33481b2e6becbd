"""A call's documents, run verb by verb: what happens on the line goes in, what to do comes out.

Nothing here plays, fetches or waits, so a course of events has one outcome, in a test as on a line. Whoever drives it
carries the effects out in order and reports each end under the effect's token; a report under an older token came too
late and is ignored.

Source: Twilio, "TwiML for Programmable Voice", each verb's page; errors 11215 and 12200.
"""

from enum import Enum

import msgspec

from ringfence.domain.twiml.document import Method
from ringfence.domain.twiml.voice_verbs import (
    Dial,
    Gather,
    Hangup,
    Pause,
    Play,
    Prompt,
    Record,
    Redirect,
    Reject,
    Say,
    Sms,
    VoiceDocument,
    VoiceVerb,
)

# Documents in a row that take no time on the line: a loop of redirects ends the call with this error.
MAX_IDLE_DOCUMENTS = 50
TOO_MANY_REDIRECTS = 11215
# A Gather that asks for no number of digits ends with as many, lest somebody press keys for good.
MAX_DIGITS = 1_000

Fields = tuple[tuple[str, str], ...]


class Answer(msgspec.Struct, frozen=True):
    """Answer the call, if it is still ringing."""


class Speak(msgspec.Struct, frozen=True):
    """Say this; report SoundEnded."""

    say: Say
    token: int


class PlaySound(msgspec.Struct, frozen=True):
    """Play this URL or these digits; report SoundEnded."""

    play: Play
    token: int


class StopSound(msgspec.Struct, frozen=True):
    """Be quiet at once; no SoundEnded follows."""


class SetTimer(msgspec.Struct, frozen=True):
    """Report TimerFired after so many milliseconds."""

    after_ms: int
    token: int


class StartRecording(msgspec.Struct, frozen=True):
    """Record the caller as this says; report RecordingEnded."""

    record: Record
    token: int


class StopRecording(msgspec.Struct, frozen=True):
    """End the recording that runs; RecordingEnded follows."""


class Ring(msgspec.Struct, frozen=True):
    """Ring these parties and join the one that answers; report DialEnded."""

    dial: Dial
    token: int


class StopDialing(msgspec.Struct, frozen=True):
    """Hang up on whoever was rung or joined; DialEnded follows."""


class SendText(msgspec.Struct, frozen=True):
    """Send this text; report TextSent."""

    sms: Sms
    token: int


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """Get the next document, with these fields beside the call's own; report Fetched or FetchFailed.

    `final`: the call is over, the program is told all the same, and its answer is not run.
    """

    url: str
    token: int
    method: Method = "POST"
    fields: Fields = ()
    final: bool = False

    def __repr__(self) -> str:
        return "Fetch(…)"


class Refuse(msgspec.Struct, frozen=True):
    """Turn the call away unanswered: `rejected` or `busy`."""

    reason: str


class End(msgspec.Struct, frozen=True):
    """Hang up. `error_code` says why where it is not the document's wish; `asked`: a verb said so.

    A document that has nothing more to do ends without being asked to, which means something else to whoever runs it
    for the other end of a Dial.
    """

    error_code: int | None = None
    asked: bool = False


Effect = (
    Answer
    | Speak
    | PlaySound
    | StopSound
    | SetTimer
    | StartRecording
    | StopRecording
    | Ring
    | StopDialing
    | SendText
    | Fetch
    | Refuse
    | End
)


class SoundEnded(msgspec.Struct, frozen=True):
    """What was played or said has been heard to its end."""

    token: int


class Key(msgspec.Struct, frozen=True):
    """The caller pressed a key: one of 0–9, * and #."""

    key: str

    def __repr__(self) -> str:
        return "Key(…)"


class TimerFired(msgspec.Struct, frozen=True):
    """A timer's time has come."""

    token: int


class RecordingEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A recording is over: `digits` is the key that ended it, `hangup`, or "" for silence or length."""

    token: int
    sid: str
    url: str
    duration_s: int
    digits: str = ""

    def __repr__(self) -> str:
        return f"RecordingEnded({self.duration_s} s)"


class DialEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The dialled part is over: `status` is completed, busy, no-answer, failed or canceled."""

    token: int
    status: str
    call_sid: str = ""
    duration_s: int | None = None
    bridged: bool = False
    recording_url: str = ""

    def __repr__(self) -> str:
        return f"DialEnded({self.status})"


class TextSent(msgspec.Struct, frozen=True):
    """A text was taken or refused."""

    token: int
    sid: str
    status: str


class Fetched(msgspec.Struct, frozen=True):
    """A document from this URL: the one that was asked for, or, without a token, one that changes a live call."""

    document: VoiceDocument
    url: str
    token: int | None = None

    def __repr__(self) -> str:
        return "Fetched(…)"


class FetchFailed(msgspec.Struct, frozen=True):
    """No document came, from the fallback neither."""

    error_code: int
    token: int


class CallEnded(msgspec.Struct, frozen=True):
    """The caller is gone."""


Event = SoundEnded | Key | TimerFired | RecordingEnded | DialEnded | TextSent | Fetched | FetchFailed | CallEnded


class State(Enum):
    """What the call is doing."""

    READY = "ready"
    SOUNDING = "sounding"
    PAUSING = "pausing"
    GATHERING = "gathering"
    RECORDING = "recording"
    DIALING = "dialing"
    TEXTING = "texting"
    FETCHING = "fetching"
    ENDED = "ended"


class Interpreter:
    """One call's run. `url` is the document that runs now: what an action without a URL means."""

    def __init__(self, *, answered: bool = False) -> None:
        self.state = State.READY
        self.url = ""
        self._answered = answered
        self._gone = False
        self._verb: VoiceVerb | None = None
        self._verbs: list[VoiceVerb] = []
        self._token = 0
        self._idle_documents = 0
        self._prompts: list[Prompt] = []
        self._prompt: Prompt | None = None
        self._waiting = False
        self._digits = ""

    def __repr__(self) -> str:
        return f"Interpreter({self.state.value})"

    @property
    def verb(self) -> VoiceVerb | None:
        """The verb that runs, or ran last."""
        return self._verb

    def handle(self, event: Event) -> list[Effect]:
        """What to do about an event."""
        if isinstance(event, CallEnded):
            return self._call_ended()
        if self.state is State.ENDED or (not isinstance(event, Key) and event.token not in {None, self._token}):
            return []
        match event:
            case Fetched() if not self._gone:
                return self._run(event)
            case FetchFailed(error_code) if self.state is State.FETCHING:
                return self._end(error_code)
            case Key(key):
                return self._key(key)
            case SoundEnded() | TimerFired() if self.state in {State.SOUNDING, State.PAUSING}:
                return self._next()
            case SoundEnded() | TimerFired() if self.state is State.GATHERING:
                return self._prompted()
            case RecordingEnded():
                return self._recorded(event)
            case DialEnded():
                return self._dialed(event)
            case TextSent():
                return self._texted(event)
        return []

    def answered(self) -> None:
        """The call has been answered without an Answer from here: a bridge did it."""
        self._answered = True

    def _run(self, fetched: Fetched) -> list[Effect]:
        """Begin a document; one that comes while another runs takes its place."""
        stopped = self._stop()
        self.url = fetched.url
        self._idle_documents += 1
        if self._idle_documents > MAX_IDLE_DOCUMENTS:
            return [*stopped, *self._end(TOO_MANY_REDIRECTS)]
        self._verbs = list(fetched.document.verbs)
        return [*stopped, *self._next()]

    def _next(self) -> list[Effect]:
        if not self._verbs:
            return self._end(None)
        verb = self._verb = self._verbs.pop(0)
        self._token += 1
        if _takes_time(verb):
            self._idle_documents = 0
        match verb:
            case Redirect():
                return self._fetch(verb.url, verb.method)
            case Hangup():
                return self._end(None, asked=True)
            case Reject():
                return self._end(None, asked=True) if self._answered else [*self._over(), Refuse(verb.reason)]
            case Pause():
                return self._begin(State.PAUSING, self._sound(verb), answers=False)
            case Say() | Play():
                return self._begin(State.SOUNDING, self._sound(verb))
            case Gather():
                self._digits = ""
                self._prompts = list(verb.prompts)
                self._waiting = False
                return self._begin(State.GATHERING, *self._prompted())
            case Record():
                return self._begin(State.RECORDING, StartRecording(verb, self._token))
            case Dial():
                return self._begin(State.DIALING, Ring(verb, self._token), answers=not verb.answer_on_bridge)
            case Sms():
                return self._begin(State.TEXTING, SendText(verb, self._token))

    def _begin(self, state: State, *effects: Effect, answers: bool = True) -> list[Effect]:
        self.state = state
        if self._answered or not answers:
            return list(effects)
        self._answered = True
        return [Answer(), *effects]

    def _sound(self, prompt: Prompt) -> Effect:
        if isinstance(prompt, Pause):
            return SetTimer(prompt.length_s * 1_000, self._token)
        return Speak(prompt, self._token) if isinstance(prompt, Say) else PlaySound(prompt, self._token)

    def _prompted(self) -> list[Effect]:
        """A Gather's next prompt; after the last one the wait for keys, and after that its end."""
        verb = self._verb
        if not isinstance(verb, Gather):
            return []
        if self._waiting:
            return self._gathered(verb, "")
        if not self._prompts:
            return self._wait_for_keys(verb)
        self._token += 1
        self._prompt = self._prompts.pop(0)
        return [self._sound(self._prompt)]

    def _wait_for_keys(self, verb: Gather) -> list[Effect]:
        self._token += 1
        self._prompt = None
        self._waiting = True
        return [SetTimer(verb.timeout_s * 1_000, self._token)]

    def _key(self, key: str) -> list[Effect]:
        match self._verb:
            case Gather() as verb if self.state is State.GATHERING:
                return self._gather_key(verb, key)
            case Record() as verb if self.state is State.RECORDING and key in verb.finish_on_key:
                return [StopRecording()]
            case Dial() as verb if self.state is State.DIALING and verb.hangup_on_star and key == "*":
                return [StopDialing()]
        return []

    def _gather_key(self, verb: Gather, key: str) -> list[Effect]:
        quiet: list[Effect] = [] if self._prompt is None or isinstance(self._prompt, Pause) else [StopSound()]
        self._prompts = []
        if key == verb.finish_on_key:
            return [*quiet, *self._gathered(verb, key)]
        self._digits += key
        if len(self._digits) >= (verb.num_digits or MAX_DIGITS):
            return [*quiet, *self._gathered(verb, "")]
        return [*quiet, *self._wait_for_keys(verb)]

    def _gathered(self, verb: Gather, finished_on: str) -> list[Effect]:
        if not self._digits and not verb.action_on_empty_result:
            return self._next()
        digits, self._digits = self._digits, ""
        fields = (("Digits", digits), ("msg", "Gather End"))
        return self._fetch(
            verb.action, verb.method, (*fields, ("FinishedOnKey", finished_on)) if finished_on else fields
        )

    def _recorded(self, event: RecordingEnded) -> list[Effect]:
        verb = self._verb
        if not isinstance(verb, Record) or self.state is not State.RECORDING:
            return []
        if event.duration_s == 0:
            # Nothing was said: the document goes on, and the program hears of nothing.
            return self._over() if self._gone else self._next()
        fields = (
            ("RecordingUrl", event.url),
            ("RecordingSid", event.sid),
            ("RecordingDuration", str(event.duration_s)),
            ("Digits", "hangup" if self._gone else event.digits),
        )
        return self._fetch(verb.action, verb.method, fields)

    def _dialed(self, event: DialEnded) -> list[Effect]:
        verb = self._verb
        if not isinstance(verb, Dial) or self.state is not State.DIALING:
            return []
        if verb.action is None:
            return self._over() if self._gone else self._next()
        fields = [("DialCallStatus", event.status), ("DialBridged", str(event.bridged).lower())]
        if event.call_sid:
            fields.append(("DialCallSid", event.call_sid))
        if event.duration_s is not None:
            fields.append(("DialCallDuration", str(event.duration_s)))
        if event.recording_url:
            fields.append(("RecordingUrl", event.recording_url))
        return self._fetch(verb.action, verb.method, tuple(fields))

    def _texted(self, event: TextSent) -> list[Effect]:
        verb = self._verb
        if not isinstance(verb, Sms) or self.state is not State.TEXTING:
            return []
        if verb.action is None:
            return self._next()
        return self._fetch(verb.action, verb.method, (("MessageSid", event.sid), ("MessageStatus", event.status)))

    def _fetch(self, url: str, method: Method, fields: Fields = ()) -> list[Effect]:
        self._token += 1
        self.state = State.ENDED if self._gone else State.FETCHING
        return [Fetch(url=url or self.url, token=self._token, method=method, fields=fields, final=self._gone)]

    def _call_ended(self) -> list[Effect]:
        """The caller is gone. A recording and a dial are waited for: the program is told how they ended."""
        if self._gone or self.state is State.ENDED:
            self._gone = True
            return []
        self._gone = True
        if self.state is State.RECORDING:
            return [StopRecording()]
        if self.state is State.DIALING:
            return [StopDialing()]
        return [*self._stop(), *self._over()]

    def _stop(self) -> list[Effect]:
        """Stop what runs; its end no longer counts."""
        self._token += 1
        sounding = self.state is State.SOUNDING or (
            self.state is State.GATHERING and isinstance(self._prompt, Say | Play)
        )
        if sounding:
            return [StopSound()]
        stops: dict[State, Effect] = {State.RECORDING: StopRecording(), State.DIALING: StopDialing()}
        return [stops[self.state]] if self.state in stops else []

    def _over(self) -> list[Effect]:
        self.state = State.ENDED
        self._verbs = []
        return []

    def _end(self, error_code: int | None, *, asked: bool = False) -> list[Effect]:
        self._over()
        return [End(error_code, asked)]


def _takes_time(verb: VoiceVerb) -> bool:
    """Whether a document with this verb in it does more than lead to the next one."""
    if isinstance(verb, Pause):
        return verb.length_s > 0
    return not isinstance(verb, Redirect | Reject | Hangup)
