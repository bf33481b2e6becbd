"""Runs a call's documents on its leg: carries out what the interpreter wants, and reports how each thing ended."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

import msgspec
import structlog

from ringfence.domain.call import RecordingOptions
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.domain.twiml import interpreter
from ringfence.domain.twiml.document import Method
from ringfence.domain.twiml.interpreter import Interpreter
from ringfence.domain.twiml.voice_verbs import Dial, Say, VoiceDocument, VoiceVerb
from ringfence.ports.media import Keys, Piece, Tone, UnknownSoundError
from ringfence.usecases.voice.call_record import CallRecord
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.fetch_document import DocumentFailedError, Documents, Found
from ringfence.usecases.voice.leg import Ended, Heard, Leg, LegEvent, Pressed, Recorded
from ringfence.usecases.voice.owned_tasks import OwnedTasks
from ringfence.usecases.voice.player import play_pieces, play_sound
from ringfence.usecases.voice.recordings import Recordings
from ringfence.usecases.voice.sounds import SoundFailedError
from ringfence.usecases.voice.verb_steps import note_verb

# What runs on after the caller is gone: a recording's end, the program's last request.
AFTER_END_S = 60.0
# Tokens below zero are our own: the interpreter never hears of them.
BEEP = -1
_KEYS = frozenset("0123456789*#")

_log = structlog.get_logger(__name__)


class Dialer(Protocol):
    """Runs one Dial."""

    async def run(self) -> interpreter.DialEnded: ...

    def stop(self) -> None:
        """Hang up on whoever was rung or joined; `run` returns."""


class Host(Protocol):
    """The call that a script runs for."""

    async def answer(self) -> None:
        """Answer it, if it is still ringing."""

    def refuse(self, reason: str) -> None:
        """Turn it away: rejected or busy."""

    def hang_up(self, error_code: int | None = None) -> None:
        """End it."""

    def dial(self, verb: Dial, token: int) -> Dialer | None:
        """Ring these; None where nobody may be rung from here."""


class Failed(msgspec.Struct, frozen=True):
    """The first document did not come."""

    code: int


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a script begins: a document that is given, as text or read already, or a URL.

    One that is read already is ours, and not noted in the timeline.
    """

    document: VoiceDocument | None = None
    twiml: str = ""
    url: str = ""
    method: Method = "POST"

    def __repr__(self) -> str:
        return "Start(…)"


Happening = LegEvent | interpreter.Event | Failed | None


class Script:
    """One run of documents. Tell it what happens on the leg; `run` returns when there is nothing left to do.

    A `guest` (what the called party hears before it is joined) leaves the line open when its document ends by itself.
    """

    def __init__(
        self,
        desk: Desk,
        record: CallRecord,
        leg: Leg,
        documents: Documents,
        recordings: Recordings,
        host: Host,
        *,
        answered: bool,
        guest: bool = False,
    ) -> None:
        self._desk = desk
        self._record = record
        self._leg = leg
        self._documents = documents
        self._recordings = recordings
        self._host = host
        self._guest = guest
        self._interpreter = Interpreter(answered=answered)
        self._happenings: asyncio.Queue[Happening] = asyncio.Queue()
        self._tasks = OwnedTasks()
        self._last_requests = OwnedTasks()
        self._timers: set[asyncio.TimerHandle] = set()
        self._sounding: asyncio.Task[Any] | None = None
        self._dialer: Dialer | None = None
        self._recording: tuple[int, str] | None = None
        self._about_to_record: tuple[interpreter.StartRecording, bool] | None = None
        self._finished_on = ""
        self._verb: VoiceVerb | None = None
        self._gone = False
        self._left = False

    def __repr__(self) -> str:
        return f"Script({self._record.sid}, {self._interpreter.state.value})"

    @property
    def left(self) -> bool:
        """True where the document of a guest ended by itself: it stays on the line."""
        return self._left

    def tell(self, happening: Happening) -> None:
        """Something happened, on the leg or elsewhere."""
        self._happenings.put_nowait(happening)

    def answered(self) -> None:
        """The call was answered by a bridge."""
        self._interpreter.answered()

    def change(self, start: Start) -> None:
        """Run another document, instead of what runs now."""
        self._tasks.start(self._begin(start), f"change {self._record.sid}")

    async def run(self, start: Start) -> None:
        """Run from the first document on."""
        self.change(start)
        try:
            while not self._over:
                await self._take(await self._happenings.get())
            await self._last_requests.settle(AFTER_END_S)
        finally:
            for timer in self._timers:
                timer.cancel()
            if self._dialer is not None:
                self._dialer.stop()
            await self._tasks.close()
            await self._last_requests.close()

    @property
    def _over(self) -> bool:
        return self._left or (self._gone and self._interpreter.state is interpreter.State.ENDED)

    async def _take(self, happening: Happening) -> None:
        match happening:
            case Pressed(key=key):
                await self._pressed(key)
            case Heard(token=token):
                await self._heard(token)
            case Recorded(ended=ended):
                await self._recorded(ended.sid, ended.duration_ms)
            case Ended():
                self._gone = True
                self._later(AFTER_END_S, None)
                await self._carry_out(self._interpreter.handle(interpreter.CallEnded()))
            case Failed(code=code):
                await self._do(interpreter.End(code))
                await self._carry_out(self._interpreter.handle(interpreter.CallEnded()))
            case None:
                # The leg was over a while ago, and something that runs has not ended: it is not waited for any longer.
                self._interpreter.state = interpreter.State.ENDED
            case (
                interpreter.SoundEnded()
                | interpreter.Key()
                | interpreter.TimerFired()
                | interpreter.RecordingEnded()
                | interpreter.DialEnded()
                | interpreter.TextSent()
                | interpreter.Fetched()
                | interpreter.FetchFailed()
                | interpreter.CallEnded()
            ):
                if isinstance(happening, interpreter.DialEnded):
                    self._dialer = None
                await self._carry_out(self._interpreter.handle(happening))
            case _:
                # A ring or an answer is the call's affair, not the document's.
                return

    async def _pressed(self, key: str) -> None:
        self._record.step("key", key)
        if key in _KEYS:
            self._finished_on = key
            await self._carry_out(self._interpreter.handle(interpreter.Key(key)))

    async def _heard(self, token: int) -> None:
        if token == BEEP:
            await self._record_now()
        elif token >= 0:
            await self._carry_out(self._interpreter.handle(interpreter.SoundEnded(token)))

    async def _recorded(self, sid: str, duration_ms: int) -> None:
        if self._recording is None or self._recording[1] != sid:
            return
        token, self._recording = self._recording[0], None
        await self._carry_out(self._interpreter.handle(self._recording_ended(token, sid, duration_ms)))

    def _recording_ended(self, token: int, sid: str, duration_ms: int) -> interpreter.RecordingEnded:
        return interpreter.RecordingEnded(
            token=token,
            sid=sid,
            url=self._recordings.url(sid) if sid else "",
            duration_s=-(-duration_ms // 1_000),
            digits=self._finished_on,
        )

    async def _begin(self, start: Start) -> None:
        try:
            if start.document is not None:
                found = Found(start.document, "")
            elif start.twiml:
                found = self._documents.given(start.twiml, self._interpreter.url)
            else:
                found = await self._documents.fetch(start.url, start.method)
        except DocumentFailedError as error:
            self.tell(Failed(error.code))
            return
        self.tell(interpreter.Fetched(found.document, found.url))

    async def _carry_out(self, effects: list[interpreter.Effect]) -> None:
        if (verb := self._interpreter.verb) is not self._verb and verb is not None:
            self._verb = verb
            note_verb(self._record, verb)
        for effect in effects:
            await self._do(effect)

    async def _do(self, effect: interpreter.Effect) -> None:
        match effect:
            case interpreter.Answer():
                await self._host.answer()
            case interpreter.Speak(say=say, token=token):
                self._note_verb("Say", say)
                self._sound(self._say(say, token))
            case interpreter.PlaySound(play=play, token=token) if play.digits:
                self._record.step("verb", "Play", fields=(("loop", str(play.loop)),))
                self._sound(self._play_pieces([Keys(play.digits.replace("W", "ww"))], token, play.loop))
            case interpreter.PlaySound(play=play, token=token):
                self._record.step("verb", "Play", url=play.url, fields=(("loop", str(play.loop)),))
                self._sound(self._play_url(play.url, token, play.loop))
            case interpreter.StopSound():
                await self._quiet()
            case interpreter.SetTimer(after_ms=after_ms, token=token):
                self._later(after_ms / 1_000, interpreter.TimerFired(token))
            case interpreter.StartRecording():
                await self._start_recording(effect)
            case interpreter.StopRecording():
                await self._stop_recording()
            case interpreter.Ring(dial=dial, token=token):
                self._ring(dial, token)
            case interpreter.StopDialing():
                if self._dialer is not None:
                    self._dialer.stop()
            case interpreter.SendText():
                self._tasks.start(self._send_text(effect), f"text {self._record.sid}")
            case interpreter.Fetch():
                self._fetch(effect)
            case interpreter.Refuse(reason=reason):
                self._record.step("verb", "Reject", fields=(("reason", reason),))
                self._host.refuse(reason)
            case interpreter.End():
                await self._end(effect)

    async def _end(self, end: interpreter.End) -> None:
        if self._guest and not end.asked and end.error_code is None and not self._gone:
            self._left = True
            return
        if end.error_code is not None:
            self._record.step("error", "the call's document could not be had", code=end.error_code)
        elif not self._gone and not self._guest:
            # A document that hangs up without a word has answered the call, as Twilio has it.
            await self._host.answer()
        self._host.hang_up(end.error_code)

    def _note_verb(self, name: str, say: Say) -> None:
        self._record.step(
            "verb",
            name,
            line=say.content.line,
            column=say.content.column,
            fields=(("voice", say.voice), ("language", say.language), ("loop", str(say.loop))),
        )

    # Sounds.

    def _sound(self, work: Coroutine[Any, Any, None]) -> None:
        self._sounding = self._tasks.start(work, f"sound {self._record.sid}")

    async def _say(self, say: Say, token: int) -> None:
        try:
            sound = await self._desk.sounds.spoken(self._record.account, say)
            await play_sound(self._desk.media, self._leg.sid, token, sound, loop=say.loop)
        except SoundFailedError as error:
            self._not_heard(error.code, error.cause, token)
        except (UnknownSoundError, ConnectionError):
            self._not_heard(None, "the media worker does not play", token)

    async def _play_url(self, url: str, token: int, loop: int) -> None:
        try:
            sound = await self._desk.sounds.fetched(self._record.account, self._documents.absolute(url))
            await play_sound(self._desk.media, self._leg.sid, token, sound, loop=loop)
        except SoundFailedError as error:
            self._not_heard(error.code, error.cause, token)
        except (UnknownSoundError, ConnectionError):
            self._not_heard(None, "the media worker does not play", token)

    async def _play_pieces(self, pieces: list[Piece], token: int, loop: int) -> None:
        try:
            await play_pieces(self._desk.media, self._leg.sid, token, pieces, loop=loop)
        except ConnectionError:
            self._not_heard(None, "the media worker does not play", token)

    def _not_heard(self, code: int | None, cause: str, token: int) -> None:
        """What cannot be played is left out, as Twilio does, and the timeline says so."""
        self._record.step("error", cause, code=code)
        self.tell(Heard(token))

    async def _quiet(self) -> None:
        if self._sounding is not None:
            self._sounding.cancel()
            self._sounding = None
        try:
            await self._desk.media.stop_playing(self._leg.sid)
        except ConnectionError:
            # A dead worker is quiet; the leg's failure follows.
            return

    # Recordings.

    async def _start_recording(self, effect: interpreter.StartRecording) -> None:
        self._record.step("verb", "Record", fields=(("maxLength", str(effect.record.max_length_s)),))
        self._finished_on = ""
        self._about_to_record = (effect, True)
        if effect.record.play_beep:
            self._sound(self._play_pieces([Tone("beep", self._desk.country)], BEEP, 1))
        else:
            await self._record_now()

    async def _record_now(self) -> None:
        if self._about_to_record is None:
            return
        (effect, _), self._about_to_record = self._about_to_record, None
        verb, callback = effect.record, effect.record.callback
        options = RecordingOptions(
            track="inbound",
            trim=verb.trim,
            callback=self._documents.absolute(callback.url) if callback else "",
            method=callback.method if callback else "POST",
            events=callback.events if callback else ("completed",),
        )
        sid = await self._recordings.begin(
            "RecordVerb",
            options,
            max_length_s=verb.max_length_s,
            silence_timeout_s=verb.timeout_s or None,
        )
        if sid is None:
            self.tell(self._recording_ended(effect.token, "", 0))
            return
        self._recording = (effect.token, sid)

    async def _stop_recording(self) -> None:
        if self._about_to_record is not None:
            # Its beep had not ended: nothing was recorded.
            (effect, _), self._about_to_record = self._about_to_record, None
            await self._quiet()
            self.tell(self._recording_ended(effect.token, "", 0))
        elif self._recording is not None:
            await self._recordings.stop(self._recording[1])

    # Other legs, texts, documents.

    def _ring(self, dial: Dial, token: int) -> None:
        self._record.step("verb", "Dial", fields=(("parties", str(len(dial.parties))),))
        dialer = None if self._guest else self._host.dial(dial, token)
        if dialer is None:
            self._record.step("warning", "Dial does not run in what a called party hears")
            self.tell(interpreter.DialEnded(token=token, status="failed"))
            return
        self._dialer = dialer
        self._tasks.start(self._dialed(dialer), f"dial {self._record.sid}")

    async def _dialed(self, dialer: Dialer) -> None:
        self.tell(await dialer.run())

    async def _send_text(self, effect: interpreter.SendText) -> None:
        sms, content = effect.sms, self._record.content
        inbound = self._record.row.direction.value == "inbound"
        ours, theirs = (content.to, content.sender) if inbound else (content.sender, content.to)
        sid = new_sid("SM", self._desk.clock.now_ms())
        callback = self._documents.absolute(sms.status_callback) if sms.status_callback else None
        try:
            await self._desk.texts.send(
                self._record.account, sms.sender or ours, sms.to or theirs, sms.body, (), callback, sid
            )
        except ApiError as refused:
            self._record.step("error", "the text was not accepted", code=refused.code)
            self.tell(interpreter.TextSent(effect.token, sid, "invalid"))
        except ConnectionError:
            self._record.step("error", "the text could not be written")
            self.tell(interpreter.TextSent(effect.token, sid, "failed"))
        else:
            self._record.step("verb", "Sms", fields=(("MessageSid", sid),))
            self.tell(interpreter.TextSent(effect.token, sid, "sent"))

    def _fetch(self, effect: interpreter.Fetch) -> None:
        if effect.final:
            work = self._documents.tell(effect.url, effect.method, effect.fields)
            self._last_requests.start(work, f"last request {self._record.sid}")
            return
        self._tasks.start(self._fetched(effect), f"document {self._record.sid}")

    async def _fetched(self, effect: interpreter.Fetch) -> None:
        try:
            found: Found = await self._documents.fetch(effect.url, effect.method, effect.fields)
        except DocumentFailedError as error:
            self.tell(interpreter.FetchFailed(error.code, effect.token))
            return
        self.tell(interpreter.Fetched(found.document, found.url, effect.token))

    def _later(self, after_s: float, happening: Happening) -> None:
        def fire() -> None:
            self._timers.discard(timer)
            self.tell(happening)

        timer = asyncio.get_running_loop().call_later(after_s, fire)
        self._timers.add(timer)
