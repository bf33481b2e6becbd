"""Calls without a network: lines and media that a test speaks for, a program of documents, and a clock that jumps."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import msgspec
from tests.unit.usecases.webhooks.conftest import LocalKeys

from ringfence.domain.attempt import Attempt
from ringfence.domain.call import FINAL, Content, Direction, Order, Status
from ringfence.domain.clock import ManualClock
from ringfence.domain.media_ends import LocalEnd, RemoteEnd, Transport
from ringfence.domain.negotiation import Speaker, make_answer, make_offer
from ringfence.domain.sealing.call import seal_call_with
from ringfence.domain.sealing.record import seal_field
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import NumberConfig, SipDomainConfig, encode_number_config, number_record
from ringfence.domain.web_url import parse_url
from ringfence.ports.calls import CallOrder, CallRow
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.ports.line import Destination, IncomingLine, LineListener, MediaKind, NoRouteError, Route
from ringfence.ports.media import (
    Clip,
    KeyPressed,
    LegFailed,
    LegStats,
    MediaEvent,
    MediaFullError,
    Piece,
    RecordingEnded,
    RecordingPlan,
    SoundEnded,
    UnknownSoundError,
)
from ringfence.ports.program import ProgramAnswer, ProgramFailedError, Question
from ringfence.ports.speech import Utterance
from ringfence.ports.store import NumberRow
from ringfence.ports.verification_codes import CodeReader
from ringfence.store.memory import MemoryStore
from ringfence.testing.still_loop import StillLoop
from ringfence.usecases.access.halts import FrozenAccounts
from ringfence.usecases.voice.brakes import BrakeLimits
from ringfence.usecases.voice.compose import Calls, compose_calls
from ringfence.usecases.voice.legs import Legs

T = TypeVar("T")

ACCOUNT = "AC" + "a" * 32
NUMBER = "+12025550123"
CALLER = "+12025550177"
OTHER = "+12025550188"
BASE = "http://program.example"
OURS = LocalEnd(address="127.0.0.1", port=6000, rtcp_port=6000, ssrc=1)
THEIRS = Speaker(local=LocalEnd(address="192.0.2.1", port=7000, rtcp_port=7000, ssrc=2), transport="rtp", session_id=9)


class FakeLine:
    """A line whose other end is the test."""

    def __init__(
        self, destination: Destination | None, caller: str, offer: bytes, listener: LineListener | None
    ) -> None:
        self.call_id = "line"
        self.peer_host = "192.0.2.77"
        self.destination = destination
        self.caller = caller
        self.offer = offer
        self.listener = listener
        self.state = "new"
        self.to = NUMBER
        self.sender = caller
        self.source = "trunk:test"
        self.account = ""
        self.application = ""
        self.media: MediaKind = "rtp"
        self.encodings: tuple[str, ...] = ()
        self.headers: Sequence[tuple[str, str]] = ()
        self.refused = 0
        self.deaf = False

    def listen(self, listener: LineListener) -> None:
        self.listener = listener

    def _tell(self, name: str, *arguments: Any) -> Any:
        assert self.listener is not None
        return getattr(self.listener, name)(*arguments)

    # What we do.

    def ring(self, description: bytes = b"") -> None:
        self.state = "ringing"

    def answer(self, description: bytes) -> None:
        self.state = "answered"

    def refuse(self, status: int) -> None:
        self.refused = status
        self._end(status)

    def hang_up(self) -> None:
        if not self.deaf:
            self._end(200 if self.state == "answered" else 487)

    def change(self, description: bytes) -> bool:
        return False

    # What the other end does.

    def rings(self, early: bool = False) -> None:
        self._tell("ringing", 183 if early else 180, make_answer(self.offer, THEIRS).description if early else b"")

    def answers(self) -> None:
        self.state = "answered"
        self._tell("answered", make_answer(self.offer, THEIRS).description)

    def ends(self, status: int = 200) -> None:
        self._end(status)

    def _end(self, status: int) -> None:
        if self.state != "ended":
            self.state = "ended"
            asyncio.get_running_loop().call_soon(self._tell, "ended", status)


class FakeLines:
    """Lines by address; `missing` have no route. `on_call` is the other end's reflex."""

    def __init__(self) -> None:
        self.placed: list[FakeLine] = []
        self.missing: dict[str, int] = {}
        self.on_call: Callable[[FakeLine], None] = lambda line: None
        self.routes_of: list[str] = ["main"]
        self.encodings: tuple[str, ...] = ()

    async def routes(self, destination: Destination) -> list[Route]:
        if destination.address in self.missing:
            raise NoRouteError(self.missing[destination.address], "no way there")
        return [Route(name=name, media="rtp", key=name, encodings=self.encodings) for name in self.routes_of]

    async def call(
        self, route: Route, destination: Destination, caller: str, offer: bytes, listener: LineListener
    ) -> FakeLine:
        line = FakeLine(destination, caller, offer, listener)
        line.call_id = route.name
        self.placed.append(line)
        asyncio.get_running_loop().call_soon(self.on_call, line)
        return line


class FakeMedia:
    """Media that plays in no time unless it is told to `hold`; `said` is what was asked of it, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.tell: Callable[[MediaEvent], None] = lambda event: None
        self.hold = False
        self.full = False
        self.away = False
        self.legs: set[str] = set()
        self.bridges: set[frozenset[str]] = set()
        self.plans: dict[str, tuple[str, RecordingPlan]] = {}
        self.kept: set[str] = set()
        self.recorded_ms = 2_000
        self.playing: dict[str, int] = {}
        self.figures = LegStats(packets_sent=1)
        self.remotes: dict[str, RemoteEnd] = {}

    def _note(self, text: str) -> None:
        if self.away:
            raise ConnectionError
        self.said.append(text)

    async def open(self, leg: str, transport: Transport, *, beside: str = "") -> LocalEnd:
        self._note("open")
        if self.full:
            raise MediaFullError
        self.legs.add(leg)
        return OURS

    async def connect(self, leg: str, remote: RemoteEnd) -> None:
        self._note(f"connect {remote.encoding}{'' if remote.send else ' held'}")
        self.remotes[leg] = remote

    async def close(self, leg: str) -> LegStats | None:
        self._note("close")
        self.legs.discard(leg)
        for sid, (of, _) in list(self.plans.items()):
            if of == leg:
                self.end_recording(sid, "closed")
        return self.figures

    async def keep(self, name: str, sound: bytes) -> None:
        self._note("keep")
        self.kept.add(name)

    async def play(self, leg: str, token: int, pieces: Sequence[Piece], *, loop: int = 1) -> None:
        for piece in pieces:
            if isinstance(piece, Clip) and piece.name not in self.kept:
                raise UnknownSoundError
        names = ",".join(type(piece).__name__.lower() for piece in pieces)
        self._note(f"play {names} x{loop}")
        self.playing[leg] = token
        if not self.hold and loop:
            asyncio.get_running_loop().call_soon(self.tell, SoundEnded(leg, token))

    async def stop_playing(self, leg: str) -> None:
        self._note("quiet")
        self.playing.pop(leg, None)

    async def press(self, leg: str, digits: str) -> None:
        self._note(f"press {digits}")

    async def bridge(self, leg: str, other: str) -> None:
        self._note("bridge")
        self.bridges.add(frozenset({leg, other}))

    async def unbridge(self, leg: str) -> None:
        self._note("unbridge")
        self.bridges = {pair for pair in self.bridges if leg not in pair}

    async def record(self, leg: str, plan: RecordingPlan) -> None:
        self._note(f"record {plan.tracks} {plan.channels}")
        self.plans[plan.sid] = leg, plan

    async def pause_recording(self, leg: str, sid: str, *, silence: bool) -> None:
        self._note(f"pause {'silence' if silence else 'skip'}")

    async def resume_recording(self, leg: str, sid: str) -> None:
        self._note("resume")

    async def stop_recording(self, leg: str, sid: str) -> None:
        self._note("stop recording")
        self.end_recording(sid, "stopped")

    async def stats(self, leg: str) -> LegStats | None:
        return None

    # What a worker does by itself.

    def end_recording(self, sid: str, cause: Any) -> None:
        leg, _ = self.plans.pop(sid)
        ended = RecordingEnded(leg=leg, sid=sid, duration_ms=self.recorded_ms, cause=cause)
        asyncio.get_running_loop().call_soon(self.tell, ended)

    def presses(self, leg: str, keys: str) -> None:
        for key in keys:
            self.tell(KeyPressed(leg, key))

    def dies(self) -> None:
        self.away = True
        for leg in list(self.legs):
            self.tell(LegFailed(leg, "worker"))


Reply = str | Exception | Callable[[dict[str, str]], str]


class FakeProgram:
    """A tenant's program: a document by path. What it is asked is kept."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.cookies: list[tuple[str, ...]] = []

    async def ask(self, question: Question, *, max_body_bytes: int) -> ProgramAnswer:
        path = question.url.removeprefix(BASE)
        form = dict(question.form)
        self.asked.append((path, form))
        self.cookies.append(question.cookies)
        reply = self.pages.get(path)
        if callable(reply):
            reply = reply(form)
        if isinstance(reply, asyncio.Future):
            reply = await reply
        if reply is None:
            raise ProgramFailedError(11200, "not found", Attempt(), 404)
        if isinstance(reply, Exception):
            raise reply
        kind = "text/xml" if reply.lstrip().startswith("<") else "text/plain"
        return ProgramAnswer(
            url=parse_url(question.url), status=200, content_type=kind, body=reply.encode(), cookies=("seen=1",)
        )


class FakeWeb:
    """An HTTP client that knows one sound."""

    def __init__(self) -> None:
        self.sounds = {f"{BASE}/tone.wav": b"\x01\x00" * 80}

    async def send(self, request: HttpRequest) -> HttpResponse:
        body = self.sounds.get(request.url)
        if body is None:
            raise HttpFailedError(11205, "nobody there")
        return HttpResponse(status=200, headers=(), body=body, phases=Phases())


class PlainReader:
    async def read(self, data: bytes) -> bytes:
        return data


class FakeSpeech:
    def __init__(self) -> None:
        self.said: list[Utterance] = []

    async def say(self, utterance: Utterance) -> bytes:
        self.said.append(utterance)
        return repr(utterance.spoken).encode()


class FakeTexts:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    async def send(self, account: str, sender: str, to: str, body: str, *rest: Any) -> None:
        self.sent.append((sender, to, body))


class Standing:
    def __init__(self, keys: LocalKeys) -> None:
        self._keys = keys

    async def open(self, account: str, record: str, sealed: bytes) -> bytes:
        (value,) = await self._keys.open_standing(account, [(record, sealed)])
        return value


class Domains:
    def __init__(self, configs: dict[str, SipDomainConfig]) -> None:
        self._configs = configs

    async def program(self, account: str, domain_sid: str) -> SipDomainConfig | None:
        return self._configs.get(domain_sid)


class Bell:
    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_s: float | None = None) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class TickingClock(ManualClock):
    """Wall time goes on by a millisecond with each reading, so that what happens later has a later time."""

    def __init__(self) -> None:
        super().__init__()
        self._readings = 0

    def now_ms(self) -> int:
        self._readings += 1
        return super().now_ms() + self._readings


class Stage:
    """One voice process whose calls a test makes, and everything around it."""

    def __init__(self, clock: ManualClock | None = None, limits: BrakeLimits | None = None) -> None:
        self.clock = clock or TickingClock()
        self.limits = limits
        self.store = MemoryStore()
        self.keys = LocalKeys()
        self.lines = FakeLines()
        self.media = FakeMedia()
        self.program = FakeProgram()
        self.web = FakeWeb()
        self.speech = FakeSpeech()
        self.texts = FakeTexts()
        self.bell = Bell()
        self.rings = 0
        self.domains: dict[str, SipDomainConfig] = {}
        self.codes: CodeReader | None = None
        self.detours: dict[str, str] = {}
        self.calls: Calls

    def ring(self) -> None:
        self.rings += 1

    def of(self, number: str) -> str | None:
        return self.detours.get(number)

    async def open(self, *, unheld_rings: bool = False, **changed: Any) -> None:
        await self.store.open()
        config = NumberConfig(**{"voice_url": f"{BASE}/voice", "voice_fallback_url": f"{BASE}/fallback"} | changed)
        value = encode_number_config(config)
        await self.store.buy_number(
            NumberRow(
                account=ACCOUNT,
                sid="PN" + "1" * 32,
                number=NUMBER,
                friendly_name="n",
                kind="local",
                region="US",
                capabilities=frozenset({"voice"}),
                standing=self.keys.seal_standing(ACCOUNT, number_record("PN" + "1" * 32), value),
                created_ms=1,
                updated_ms=1,
            ),
            from_stock=False,
        )
        self.calls = compose_calls(
            store=self.store,
            keys=self.keys,
            clock=self.clock,
            lines=self.lines,
            media=self.media,
            program=self.program,
            texts=self.texts,
            standing=Standing(self.keys),
            domains=Domains(self.domains),
            wake=self,
            http=self.web,
            reader=PlainReader(),
            speech=self.speech,
            halts=FrozenAccounts(self.store, self.clock),
            legs=Legs(),
            base_url="http://localhost:8420",
            owner="voice",
            limits=self.limits,
            unheld_rings=unheld_rings,
            codes=self.codes,
            detours=self,
        )
        self.media.tell = self.calls.legs.happened

    async def queue(
        self, to: str = CALLER, sender: str = NUMBER, *, of: dict[str, Any] | None = None, **content: Any
    ) -> str:
        """A call that the API has accepted; `of` is what else stands in its row."""
        sid = new_sid("CA", self.clock.now_ms())
        key = await self.keys.seal_record(ACCOUNT, sid, to)
        whole = Content(to=to, sender=sender, **content)
        now_ms = self.clock.now_ms()
        row = CallRow(
            account=ACCOUNT,
            sid=sid,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local=sender,
            remote_index=key.index,
            remote_region="US",
            epoch=key.epoch,
            content=seal_call_with(key.key, ACCOUNT, sid, whole),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        await self.store.create_call(msgspec.structs.replace(row, **(of or {})))
        self.bell.ring()
        return sid

    async def order(self, sid: str, kind: str, order: Order | None = None, argument: str = "") -> bool:
        row = await self.row(sid)
        key = (await self.keys.open_records(ACCOUNT, [(row.epoch, sid)]))[0]
        assert key is not None
        sealed = b"" if order is None else seal_field(key, ACCOUNT, sid, "order", msgspec.msgpack.encode(order))
        taken = await self.store.order(
            CallOrder(account=ACCOUNT, call_sid=sid, kind=kind, argument=argument, content=sealed, at_ms=1)
        )
        self.bell.ring()
        return taken

    async def row(self, sid: str) -> CallRow:
        row = await self.store.call(ACCOUNT, sid)
        assert row is not None
        return row

    async def all_rows(self) -> list[CallRow]:
        from ringfence.ports.calls import CallFilter

        return (await self.store.calls(ACCOUNT, CallFilter()))[::-1]

    async def kinds(self, sid: str) -> list[str]:
        return [event.kind for event in await self.store.events(ACCOUNT, sid)]

    async def over(self, sid: str, *, turns: int = 500) -> CallRow:
        """The call once it is over, and gone from the process."""
        for _ in range(turns):
            row = await self.row(sid)
            if row.status in FINAL and not len(self.calls.live):
                return row
            await asyncio.sleep(0.01)
        raise AssertionError("the call did not end")

    def comes_in(self, sender: str = CALLER, **changed: str) -> FakeLine:
        """A call to our number; `changed` is what else its line says."""
        line = FakeLine(None, sender, make_offer(THEIRS), None)
        for name, value in changed.items():
            setattr(line, name, value)
        incoming: IncomingLine = line
        self.calls.operator.incoming(incoming)
        return line


async def until(condition: Callable[[], Any], *, turns: int = 200) -> None:
    """Let everything else run until a condition holds."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("that did not come to pass")


def play(scene: Callable[[Stage], Coroutine[Any, Any, T]], *, on: Stage | None = None, **config: Any) -> T:
    """Play a scene to its end, in no time, and stop the process."""
    stage = on or Stage()

    async def whole() -> T:
        await stage.open(**config)
        running = asyncio.create_task(stage.calls.operator.run(stage.bell))
        try:
            return await scene(stage)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await stage.calls.operator.stop()
            assert stage.media.away or not stage.media.legs, "a leg was left open"
            assert not len(stage.calls.live), "a call was left alive"

    loop = StillLoop(stage.clock)
    task = loop.create_task(whole())
    while not task.done():
        loop.run_ready()
        if not task.done():
            step_ms = loop.next_timer_ms
            assert step_ms is not None, "everything waits, and nothing will come"
            stage.clock.advance(step_ms)
    loop.close()
    return task.result()
