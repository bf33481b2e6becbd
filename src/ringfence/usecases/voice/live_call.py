"""A call while it lives: its leg, its row, the document that runs, and its end, which always comes.

Whatever the call is (made for a program, come in, or made by a Dial), this is the one place where its status moves.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from ringfence.domain.call import FINAL, Direction, Order, RecordingOptions, Status, final_status
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.call import open_order_with, open_recording_order_with, seal_call_with
from ringfence.domain.twiml import voice_verbs
from ringfence.ports.calls import CallOrder
from ringfence.ports.media import LegStats
from ringfence.usecases.voice.call_record import CallRecord, insist
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.fetch_document import Documents
from ringfence.usecases.voice.leg import Answered, Ended, Leg, LegEvent, Rang, Recorded
from ringfence.usecases.voice.owned_tasks import OwnedTasks
from ringfence.usecases.voice.recordings import Recordings
from ringfence.usecases.voice.script import Dialer, Script, Start

# After which a call whose recordings have not ended is over all the same.
RECORDINGS_END_WITHIN_S = 15.0
# For how long the end of a call waits for that of its recording, whose length is told with it.
WHOLE_ENDS_WITHIN_S = 3.0
REFUSALS = {"busy": (486, Status.BUSY), "rejected": (603, Status.NO_ANSWER)}
OUT_OF_ORDER = 480
# RFC 3261, section 21.1.
PROVISIONAL = {180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress"}

MakeDialer = Callable[["LiveCall", voice_verbs.Dial, int], Dialer]


class LiveCall:
    """Implements `script.Host`. `watch` is told of each event after it has been written down.

    Start `run` once; it returns when the call is over in every respect.
    """

    def __init__(self, desk: Desk, record: CallRecord, make_dialer: MakeDialer) -> None:
        self.record = record
        self.leg: Leg = desk.leg(record.sid, self._happened)
        self.documents = Documents(desk.program, record)
        self.recordings = Recordings(desk, record)
        self.watch: Callable[[LegEvent], None] = _nobody_watches
        self.ordered: Callable[[Start], bool] = _nobody_orders
        self._desk = desk
        self._make_dialer = make_dialer
        self._events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self._tasks = OwnedTasks()
        self._script: Script | None = None
        self._running: asyncio.Task[Any] | None = None
        self._outcome: Status | None = None
        self._error_code: int | None = None
        self._whole: str | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._ringing: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()
        self._stays = False

    def __repr__(self) -> str:
        return f"LiveCall({self.record!r})"

    @property
    def account(self) -> str:
        return self.record.account

    @property
    def sid(self) -> str:
        return self.record.sid

    @property
    def talking(self) -> bool:
        return self.record.row.status is Status.IN_PROGRESS

    async def run(self, begin: Coroutine[Any, Any, None]) -> None:
        """Live: `begin` rings it, or takes it in; everything else follows from what happens."""
        try:
            self._tasks.start(begin, f"begin {self.sid}")
            while not self._over.is_set():
                await self._take(await self._events.get())
            if self._running is not None:
                await self._after_end(self._running)
        finally:
            await self._close()

    def script(self, start: Start, *, guest: bool = False) -> "asyncio.Task[Any]":
        """Run documents on this call, from `start` on."""
        self._script = Script(
            self._desk,
            self.record,
            self.leg,
            self.documents,
            self.recordings,
            self,
            answered=self.talking,
            guest=guest,
        )
        self._running = self._tasks.start(self._script.run(start), f"script {self.sid}")
        return self._running

    def run_document(self, start: Start) -> None:
        """Run this now, instead of what runs; a no-op where nobody has answered."""
        if self._script is not None and not self._script.left and self._running and not self._running.done():
            self._script.change(start)
        elif self.talking:
            self.script(start)

    @property
    def stays(self) -> bool:
        """True where what it ran as a guest ended by itself."""
        return self._stays or (self._script is not None and self._script.left)

    def ring_until(self, timeout_s: float) -> None:
        """Give up when nobody has answered by then: no-answer."""
        self._ringing = asyncio.get_running_loop().call_later(timeout_s, self.give_up, Status.NO_ANSWER)

    def give_up(self, outcome: Status, cause: str = "", error_code: int | None = None) -> None:
        """End it; where it was not answered, with this outcome."""
        self._outcome = self._outcome or outcome
        self._error_code = self._error_code or error_code
        if self.record.row.direction is Direction.INBOUND and not self.leg.answered_once:
            self.leg.refuse(OUT_OF_ORDER)
            return
        self.leg.hang_up(cause)

    # As a script's host.

    async def answer(self) -> None:
        if self.record.row.direction is not Direction.INBOUND or self.leg.answered_once or self.leg.over:
            return
        await self.leg.answer()
        if self.leg.answered_once and not self.leg.over:
            await self._answered()
            if self._script is not None:
                self._script.answered()

    def refuse(self, reason: str) -> None:
        status, self._outcome = REFUSALS[reason]
        self.leg.refuse(status)

    def hang_up(self, error_code: int | None = None) -> None:
        self.give_up(Status.FAILED if error_code else Status.COMPLETED, error_code=error_code)

    def dial(self, verb: voice_verbs.Dial, token: int) -> Dialer | None:
        return self._make_dialer(self, verb, token)

    # From the tenant.

    async def order(self, order: CallOrder) -> None:
        """Do what the tenant wants of it now."""
        record, recording = self.record, order.argument
        try:
            match order.kind:
                case "end":
                    record.step("status", "ended by the API")
                    self.give_up(Status.CANCELED)
                case "document":
                    await self._new_document(open_order_with(record.key, record.account, record.sid, order.content))
                case "recording.start":
                    options = open_recording_order_with(record.key, record.account, record.sid, order.content)
                    await self.recordings.begin("StartCallRecordingAPI", options, sid=recording)
                case "recording.stop":
                    await self.recordings.stop(self._meant(recording))
                case "recording.pause" | "recording.skip":
                    await self.recordings.pause(self._meant(recording), silence=order.kind == "recording.pause")
                case "recording.resume":
                    await self.recordings.resume(self._meant(recording))
        except UnsealError:
            record.step("error", "an order could not be opened")

    def _meant(self, recording: str) -> str:
        """The recording that is running, where the order names none, or Twilio.CURRENT."""
        running = self.recordings.running
        return recording if recording.startswith("RE") or not running else running[-1]

    async def _new_document(self, order: Order) -> None:
        record, before = self.record, self.record.content
        content = msgspec.structs.replace(
            before,
            fallback_url=order.fallback_url or before.fallback_url,
            fallback_method=order.fallback_method or before.fallback_method,
            status_callback=order.status_callback or before.status_callback,
            status_method=order.status_method or before.status_method,
            time_limit_s=order.time_limit_s or before.time_limit_s,
        )
        if content != before:
            record.content = content
            self.documents.fallback_url = content.fallback_url
            self.documents.fallback_method = content.fallback_method
            sealed = seal_call_with(record.key, record.account, record.sid, content)
            at_ms = self._desk.clock.now_ms()
            await insist(lambda: self._desk.store.rewrite_call(record.account, record.sid, sealed, at_ms=at_ms))
            if order.time_limit_s and self._limit is not None:
                self._limit_from_now()
        if not (order.twiml or order.url):
            return
        start = Start(twiml=order.twiml, url=order.url, method="GET" if order.method == "GET" else "POST")
        if self.ordered(start):
            return
        self.run_document(start)

    # From the leg.

    def _happened(self, event: LegEvent) -> None:
        self._events.put_nowait(event)

    async def _take(self, event: LegEvent) -> None:
        match event:
            case Rang(status=status):
                self.record.step(
                    "sip", f"{status} {PROVISIONAL.get(status, '')}".strip(), fields=(("route", self.leg.route),)
                )
                await self.record.move(Status.RINGING, route=self.leg.route)
            case Answered():
                await self._answered()
            case Recorded(ended=ended):
                await self.recordings.ended(ended)
            case Ended():
                await self._ended(event)
        if self._script is not None:
            self._script.tell(event)
        self.watch(event)

    async def _answered(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
        await self.record.move(Status.IN_PROGRESS, route=self.leg.route)
        self.record.step("sip", "answered", fields=(("route", self.leg.route), ("call_id", self.leg.call_id)))
        self._limit_from_now()
        content = self.record.content
        if content.record:
            self._whole = await self.recordings.begin(
                "OutboundAPI",
                RecordingOptions(
                    channels=2 if content.recording_channels == "dual" else 1,
                    track=content.recording_track,
                    trim=content.trim,
                    callback=content.recording_callback,
                    method=content.recording_callback_method,
                    events=content.recording_events,
                ),
            )

    def _limit_from_now(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        limit_s = self.record.content.time_limit_s
        self._limit = asyncio.get_running_loop().call_later(limit_s, self.leg.hang_up, "the time limit")

    async def _ended(self, ended: Ended) -> None:
        self._over.set()
        if ended.cause:
            self.record.step("error", ended.cause, code=self._error_code)
        if ended.cause.startswith("the media"):
            for lost in await self.recordings.lose_all():
                self._events.put_nowait(Recorded(lost))
        await self._whole_ends()
        status = self._final(ended)
        await self.record.move(status, sip_status=ended.status, error_code=self._error_code, route=self.leg.route)

    async def _whole_ends(self) -> None:
        """End the recording of the whole call."""
        sid = self._whole
        if sid is None or sid not in self.recordings.running:
            return
        await self.recordings.stop(sid)
        try:
            async with asyncio.timeout(WHOLE_ENDS_WITHIN_S):
                while sid in self.recordings.running:
                    await self._take_late(await self._events.get())
        except TimeoutError:
            self.record.step("warning", "the recording of the call had not ended with it")

    def _final(self, ended: Ended) -> Status:
        if self.talking or self.record.over:
            return Status.COMPLETED
        if self._outcome is not None and self._outcome is not Status.COMPLETED:
            return self._outcome
        status = final_status(ended.status, answered=False)
        # A caller who gives up has had no answer; canceled is what a program calls off.
        inbound = self.record.row.direction is Direction.INBOUND
        return Status.NO_ANSWER if inbound and status is Status.CANCELED else status

    async def _after_end(self, running: "asyncio.Task[Any]") -> None:
        """What the script still has to say, while late events of its recordings come in."""
        while not running.done():
            waiting = asyncio.ensure_future(self._events.get())
            try:
                await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    await self._take_late(waiting.result())
            finally:
                waiting.cancel()

    async def _take_late(self, event: LegEvent) -> None:
        if isinstance(event, Recorded):
            await self.recordings.ended(event.ended)
        if self._script is not None:
            self._script.tell(event)

    async def _close(self) -> None:
        for timer in (self._limit, self._ringing):
            if timer is not None:
                timer.cancel()
        stats = await self.leg.close()
        if stats is not None and stats.packets_sent + stats.packets_received:
            self.record.step("media", "quality", fields=_figures(stats))
        await self._recordings_end()
        await self._tasks.close()
        self._desk.legs.remove(self.leg)
        if self.record.row.status not in FINAL:
            # Only where this task was ended from outside: the process stops.
            await self.record.move(Status.COMPLETED if self.talking else Status.FAILED)
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing that holds this call: thousands end each minute, and a collector would have to look for them."""
        self._stays = self.stays
        self._script = self._running = None
        self.watch, self.ordered = _nobody_watches, _nobody_orders
        self.leg.let_go()

    async def _recordings_end(self) -> None:
        """Closing the leg has ended its recordings; their ends come as events."""
        try:
            async with asyncio.timeout(RECORDINGS_END_WITHIN_S):
                while self.recordings.running:
                    event = await self._events.get()
                    if isinstance(event, Recorded):
                        await self.recordings.ended(event.ended)
        except TimeoutError:
            await self.recordings.lose_all()


def _figures(stats: LegStats) -> tuple[tuple[str, str], ...]:
    """What is known: where nothing came, there is neither a delay nor a mark."""
    shown = {name: value for name, value in msgspec.structs.asdict(stats).items() if value not in (None, "")}
    if not stats.packets_received:
        shown = {name: value for name, value in shown.items() if name not in {"jitter_ms", "mos"}}
    return tuple((name, f"{value:.2f}" if isinstance(value, float) else str(value)) for name, value in shown.items())


def _nobody_watches(_: LegEvent) -> None:
    return


def _nobody_orders(_: Start) -> bool:
    return False
