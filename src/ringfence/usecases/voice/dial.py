"""One Dial: ring parties at once or in turn, let the one that answers hear what it is to hear, and join the two.

Source: Twilio, "TwiML Dial", "Number", "Sip" and "Client"; errors 13214 (callerId), 13224 (number).
"""

import asyncio
import re
from collections.abc import Sequence

import msgspec

from ringfence.domain.call import Direction, RecordingOptions, Status
from ringfence.domain.number import parse_e164
from ringfence.domain.twiml.interpreter import DialEnded
from ringfence.domain.twiml.voice_verbs import Dial, Party
from ringfence.ports.media import Tone
from ringfence.usecases.voice.call_record import CallRecord
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.leg import Answered, Ended, LegEvent, Rang
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.party_call import PartyCalls
from ringfence.usecases.voice.script import Start

# The number in the SIP address of a phone that calls.
_USER = re.compile(r"sips?:([^@;?]+)@[^@]*", re.IGNORECASE)

RINGBACK = -2
INVALID_CALLER = 13214


class Stopped(msgspec.Struct, frozen=True):
    """The caller is gone, or has pressed star, or something else runs now."""


class TimedOut(msgspec.Struct, frozen=True):
    """Nobody of this round answered in time."""

    round: int


class Ready(msgspec.Struct, frozen=True):
    """A party has heard what it is to hear and stays."""

    call: LiveCall


class Happened(msgspec.Struct, frozen=True):
    """Something happened to a party's call."""

    call: LiveCall
    event: LegEvent


class Left(msgspec.Struct, frozen=True):
    """A party was given a document of its own: it is no longer this Dial's."""

    call: LiveCall


Happening = Stopped | TimedOut | Ready | Happened | Left


class DialRun:
    """Implements `script.Dialer` for the call `caller`."""

    def __init__(self, desk: Desk, caller: LiveCall, verb: Dial, token: int, parties: PartyCalls) -> None:
        self._desk = desk
        self._caller = caller
        self._verb = verb
        self._token = token
        self._parties = parties
        self._happenings: asyncio.Queue[Happening] = asyncio.Queue()
        self._ringing: list[LiveCall] = []
        self._outcomes: list[Status] = []
        self._joined: LiveCall | None = None
        self._sounds = False
        self._early: LiveCall | None = None
        self._stopped = False
        self._released = False
        self._recording = ""
        self._last_sid = ""

    def stop(self) -> None:
        self._happenings.put_nowait(Stopped())

    async def run(self) -> DialEnded:
        caller_id = await self._caller_id()
        if caller_id is None:
            self._caller.record.step("error", "the callerId is none that may be shown", code=INVALID_CALLER)
            return DialEnded(token=self._token, status="failed")
        if self._verb.record.startswith("record-from-ringing"):
            await self._record()
        try:
            await self._ring_all(caller_id)
            if self._joined is not None:
                await self._talk(self._joined)
            return self._ended()
        finally:
            await self._tidy()

    async def _ring_all(self, caller_id: str) -> None:
        parties = self._verb.parties
        rounds = [[party] for party in parties] if self._verb.sequential else [list(parties)]
        for number, round_ in enumerate(rounds):
            await self._ring(round_, number, caller_id)
            if self._joined is not None or self._stopped:
                return

    async def _ring(self, parties: Sequence[Party], number: int, caller_id: str) -> None:
        for written in parties:
            # Its URLs are relative to the document that dials, not to what it hears itself.
            url = self._caller.documents.absolute(written.url) if written.url else ""
            party = msgspec.structs.replace(written, url=url)
            call = await self._parties.ring(self._caller, party, caller_id, self._verb.time_limit_s)
            if call is None:
                self._outcomes.append(Status.FAILED)
                continue
            self._last_sid = call.sid
            self._ringing.append(call)
            self._watch(call, party)
        alarm = asyncio.get_running_loop().call_later(
            self._verb.timeout_s, self._happenings.put_nowait, TimedOut(number)
        )
        try:
            if self._ringing and not self._verb.answer_on_bridge:
                await self._ringback()
            while self._ringing and self._joined is None and not self._stopped:
                await self._take(await self._happenings.get(), number)
        finally:
            alarm.cancel()

    def _watch(self, call: LiveCall, party: Party) -> None:
        def happened(event: LegEvent) -> None:
            self._happenings.put_nowait(Happened(call, event))
            if isinstance(event, Answered):
                self._parties.prepare(call, party, lambda: self._happenings.put_nowait(Ready(call)))

        def ordered(start: Start) -> bool:
            if call is not self._joined:
                return False
            call.script(start)
            self._happenings.put_nowait(Left(call))
            return True

        call.watch, call.ordered = happened, ordered

    async def _take(self, happening: Happening, number: int) -> None:
        match happening:
            case Stopped():
                self._stopped = True
                for call in self._ringing:
                    call.give_up(Status.CANCELED)
            case TimedOut(round=timed) if timed == number:
                for call in self._ringing:
                    call.give_up(Status.NO_ANSWER)
            case Ready(call=call) if call in self._ringing:
                await self._join(call)
            case Happened(call=call, event=Rang(early=True)) if len(self._ringing) == 1:
                await self._hear_early(call)
            case Happened(call=call, event=Ended()) if call in self._ringing:
                self._ringing.remove(call)
                self._outcomes.append(call.record.row.status)
            case _:
                return

    async def _join(self, call: LiveCall) -> None:
        self._joined = call
        self._ringing.remove(call)
        for other in self._ringing:
            other.give_up(Status.CANCELED)
        await self._quiet()
        await self._caller.answer()
        try:
            await self._desk.media.bridge(self._caller.sid, call.sid)
        except ConnectionError:
            # A leg without its worker ends, and this with it.
            return
        self._caller.record.step("media", "joined", fields=(("CallSid", call.sid),))
        if self._verb.record in {"true", "record-from-answer", "record-from-answer-dual"}:
            await self._record()

    async def _talk(self, call: LiveCall) -> None:
        """Until one of the two is gone."""
        while True:
            match await self._happenings.get():
                case Stopped():
                    call.give_up(Status.COMPLETED)
                    return
                case Happened(call=ended, event=Ended()) if ended is call:
                    return
                case Left(call=left) if left is call:
                    self._released = True
                    return
                case _:
                    continue

    def _ended(self) -> DialEnded:
        joined = self._joined
        if joined is not None:
            answered_ms = joined.record.row.answered_ms or self._desk.clock.now_ms()
            until_ms = joined.record.row.ended_ms or self._desk.clock.now_ms()
            return DialEnded(
                token=self._token,
                status="completed",
                call_sid=joined.sid,
                duration_s=max(0, -(-(until_ms - answered_ms) // 1_000)),
                bridged=True,
                recording_url=self._caller.recordings.url(self._recording) if self._recording else "",
            )
        return DialEnded(token=self._token, status=self._outcome(), call_sid=self._last_sid)

    def _outcome(self) -> str:
        """How it went for all who were rung: the word that promises most for another try."""
        if self._stopped:
            return "canceled"
        met = set(self._outcomes)
        for status in (Status.COMPLETED, Status.BUSY, Status.NO_ANSWER, Status.CANCELED):
            if status in met:
                # A party that answered and hung up before it was joined has not taken the call.
                return "no-answer" if status is Status.COMPLETED else status.value
        return "failed"

    async def _tidy(self) -> None:
        for call in self._ringing:
            call.give_up(Status.CANCELED)
        if self._joined is not None and not self._released:
            self._joined.give_up(Status.COMPLETED)
        await self._quiet()
        await self._part()
        if self._recording:
            await self._caller.recordings.stop(self._recording)

    async def _record(self) -> None:
        callback = self._verb.recording_callback
        track = self._verb.recording_track
        sid = await self._caller.recordings.begin(
            "DialVerb",
            RecordingOptions(
                channels=2 if self._verb.record.endswith("-dual") else 1,
                track=track if track in {"inbound", "outbound"} else "both",
                trim=self._verb.trim,
                callback=self._caller.documents.absolute(callback.url) if callback else "",
                method=callback.method if callback else "POST",
                events=callback.events if callback else ("completed",),
            ),
        )
        self._recording = sid or ""

    async def _ringback(self) -> None:
        self._sounds = True
        country = {"uk": "gb", "us-old": "us"}.get(self._verb.ring_tone, self._verb.ring_tone) or self._desk.country
        try:
            await self._desk.media.play(self._caller.sid, RINGBACK, [Tone("ringback", country)], loop=0)
        except ConnectionError:
            # Without its worker the caller's leg ends, and this with it.
            return

    async def _hear_early(self, call: LiveCall) -> None:
        """The called end sends sound before it answers: the caller hears that, not our tone."""
        if self._verb.answer_on_bridge or self._early is not None:
            return
        self._early = call
        await self._quiet()
        try:
            await self._desk.media.bridge(self._caller.sid, call.sid)
        except ConnectionError:
            return

    async def _quiet(self) -> None:
        if not self._sounds:
            return
        self._sounds = False
        try:
            await self._desk.media.stop_playing(self._caller.sid)
        except ConnectionError:
            return

    async def _part(self) -> None:
        if self._joined is None and self._early is None:
            return
        try:
            await self._desk.media.unbridge(self._caller.sid)
        except ConnectionError:
            return

    async def _caller_id(self) -> str | None:
        """Who calls, as the parties see it: what the verb says, or the caller.

        Whom a number is called from must be the account's own, or an end of this call that the telephone network
        knows: what a phone, a client or a program wrote there itself would be somebody else's as easily.
        """
        record = self._caller.record
        shown = self._verb.caller_id or record.content.sender
        if not any(party.kind == "number" for party in self._verb.parties):
            return shown
        if _is_of_network(record) and shown in {record.content.sender, record.content.to}:
            return shown
        address = _USER.fullmatch(shown)
        number = parse_e164(address[1] if address else shown)
        if number is None:
            return None
        owned = await self._desk.store.number_by_e164(number.e164)
        return number.e164 if owned is not None and owned.account == record.account else None


def _is_of_network(record: CallRecord) -> bool:
    """Whether both ends of a call are known to the telephone network: it came to a number of ours, or went to one."""
    if record.row.direction is Direction.INBOUND:
        return bool(record.row.phone_number_sid)
    return parse_e164(record.content.to) is not None
