"""One leg: a line's signalling and its media, kept in step, with one stream of what happens on both.

A leg's name is its call's SID. Whatever happens is told to `tell`, in order; every leg that began ends once, with
`Ended`, after which nothing more is told.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from ringfence.domain.negotiation import (
    NoCommonMediaError,
    Speaker,
    in_role,
    make_answer,
    make_offer,
    read_answer,
    renewed,
)
from ringfence.domain.sound_places import within_reason
from ringfence.ports.line import Destination, IncomingLine, Line, Lines, Route
from ringfence.ports.media import (
    KeyPressed,
    LegConnected,
    LegFailed,
    LegStats,
    LocalEnd,
    Media,
    MediaEvent,
    MediaFullError,
    RecordingEnded,
    RemoteEnd,
    SoundEnded,
    Transport,
)

# A far end that does not even acknowledge a BYE or a CANCEL is given up after this long.
END_WITHIN_S = 40.0
# How long a call waits for a media worker when none is up.
MEDIA_WITHIN_S = 5.0
MEDIA_RETRY_S = 0.2
# After which the next way is tried: nobody there, or out of order (RFC 3263, section 4.3).
GIVES_WAY = frozenset({408, 500, 502, 503, 504})

_RELAY = re.compile(rb"^\s*Signal\s*=\s*([0-9A-D*#])\s*$", re.MULTILINE | re.IGNORECASE)
_PLAIN_KEY = re.compile(rb"\s*([0-9A-D*#])\s*", re.IGNORECASE)

_log = structlog.get_logger(__name__)


class Rang(msgspec.Struct, frozen=True):
    """The other end rings; `early`: it sends sound already."""

    status: int
    early: bool = False


class Answered(msgspec.Struct, frozen=True):
    """The other end has answered, and media flows."""


class Pressed(msgspec.Struct, frozen=True):
    """The other end pressed a key."""

    key: str

    def __repr__(self) -> str:
        return "Pressed(…)"


class Heard(msgspec.Struct, frozen=True):
    """What was played under this token has been heard."""

    token: int


class Recorded(msgspec.Struct, frozen=True):
    """A recording is over."""

    ended: RecordingEnded


class Ended(msgspec.Struct, frozen=True):
    """The leg is over: its SIP status (200 after talking), and why where it is not the other end's wish."""

    status: int
    cause: str = ""


LegEvent = Rang | Answered | Pressed | Heard | Recorded | Ended


class Leg:
    """Implements `ports.line.LineListener`, and takes its media's events by `happened`."""

    def __init__(
        self, sid: str, lines: Lines, media: Media, tell: Callable[[LegEvent], None], *, encodings: tuple[str, ...]
    ) -> None:
        self.sid = sid
        self.tell = tell
        self.route = ""
        self.call_id = ""
        self.answered_once = False
        self.over = False
        self._lines = lines
        self._media = media
        self._encodings = encodings
        self._line: Line | None = None
        self._incoming: IncomingLine | None = None
        self._speaker: Speaker | None = None
        self._version = 0
        self._answering = False
        self._told_end = False
        self._cause = ""
        self._open = False
        self._rang = False
        self._attempt: asyncio.Future[int] | None = None
        self._connecting: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"Leg({self.sid})"

    async def call(self, routes: list[Route], destination: Destination, caller: str, *, beside: str = "") -> None:
        """Ring along the first way that leads somewhere. Returns once it is tried; what becomes of it is told."""
        for place, route in enumerate(routes):
            last = place == len(routes) - 1
            self.route = route.name
            if not await self._try(route, destination, caller, beside, last=last):
                return

    async def _try(self, route: Route, destination: Destination, caller: str, beside: str, *, last: bool) -> bool:
        """True where the next way should be tried."""
        try:
            speaker = await self._begin(route.media, beside, route.encodings)
        except (MediaFullError, ConnectionError):
            self._end(503, "no media worker takes another call")
            return False
        if self.over:
            return False
        self._attempt = None if last else asyncio.get_running_loop().create_future()
        try:
            named = msgspec.structs.replace(destination, call_sid=self.sid)
            self._line = await self._lines.call(route, named, caller, make_offer(speaker), self)
        except (OSError, TimeoutError):
            if last:
                self._end(503, "the line could not be opened")
            else:
                await self._drop_media()
            return not last
        self.call_id = self._line.call_id
        if self.over:
            self._line.hang_up()
            return False
        if self._attempt is None:
            return False
        status = await self._attempt
        self._attempt = None
        if status and not self.over:
            await self._drop_media()
        return bool(status) and not self.over

    def take(self, line: IncomingLine) -> None:
        """Be the leg of a call that comes in. Before anything else."""
        self._line = self._incoming = line
        self.route, self.call_id = line.source, line.call_id
        line.call_sid = self.sid
        line.listen(self)

    def ring(self) -> None:
        """Tell the caller that it rings."""
        if self._incoming is not None:
            self._incoming.ring()

    async def answer(self) -> None:
        """Answer a call that came in. Where it cannot be, it is refused, and `Ended` follows."""
        line = self._incoming
        if line is None or self._answering or self.over:
            return
        self._answering = True
        try:
            speaker = await self._begin(line.media, "", line.encodings)
            if self.over:
                return
            if not line.offer:
                self.answered_once = True
                line.answer(make_offer(speaker))
                return
            agreement = make_answer(line.offer, speaker)
            self._speaker = in_role(speaker, agreement.remote)
            self.answered_once = True
            line.answer(agreement.description)
            await self._media.connect(self.sid, self._with_hint(agreement.remote))
        except NoCommonMediaError as error:
            self.refuse(error.sip_status)
        except MediaFullError:
            self.refuse(503)
        except ConnectionError:
            self.hang_up("the media worker is away")

    def refuse(self, status: int) -> None:
        """Turn a call that came in away."""
        if self._incoming is not None:
            self._incoming.refuse(status)
            self._expect_end(status)

    def hang_up(self, cause: str = "") -> None:
        """End it, whatever its state; `Ended` follows, whatever the other end does."""
        self._cause = self._cause or cause
        if self._line is None:
            self._end(487)
            return
        self._line.hang_up()
        self._expect_end(200 if self.answered_once else 487)

    async def close(self) -> LegStats | None:
        """Give up its media, once it is over. Its figures, where it had any."""
        self.over = True
        if self._alarm is not None:
            self._alarm.cancel()
        for task in list(self._tasks):
            task.cancel()
        return await self._drop_media()

    # From the line.

    def ringing(self, status: int, description: bytes) -> None:
        early = False
        if description and self._speaker is not None and not self.answered_once:
            early = self._connect(description)
        self._settle_attempt(0)
        self._tell(Rang(status, early))

    def answered(self, description: bytes) -> None:
        if not description:
            return
        if self._incoming is not None or self.answered_once:
            self._connect(description)
            return
        self.answered_once = True
        self._settle_attempt(0)
        if not self._connect(description, then=Answered()):
            self.hang_up("the answer has no media in common with the offer")

    def offered(self, description: bytes) -> bytes:
        if self._speaker is None:
            return b""
        try:
            self._version += 1
            speaker = renewed(self._speaker, description)
            agreement = make_answer(description, speaker, version=self._version)
        except NoCommonMediaError:
            return b""
        self._speaker = in_role(speaker, agreement.remote)
        self._own(self._connect_to(agreement.remote))
        return agreement.description

    def pressed(self, content_type: str, body: bytes) -> None:
        essence = content_type.partition(";")[0].strip().lower()
        match = (
            _RELAY.search(body)
            if essence == "application/dtmf-relay"
            else _PLAIN_KEY.fullmatch(body)
            if essence == "application/dtmf"
            else None
        )
        if match is not None:
            self._tell(Pressed(match[1].decode().upper()))

    def referred(self, target: str) -> bool:
        return False

    def ended(self, status: int) -> None:
        if self._attempt is not None and status in GIVES_WAY and not self._attempt.done() and not self.over:
            self._line = None
            self._attempt.set_result(status)
            return
        self._end(status)

    # From its media.

    def happened(self, event: MediaEvent) -> None:
        """Take an event of this leg's media."""
        match event:
            case SoundEnded(token=token):
                self._tell(Heard(token))
            case KeyPressed(key=key):
                self._tell(Pressed(key))
            case RecordingEnded():
                self._tell(Recorded(event))
            case LegFailed(cause=cause) if not self.over:
                self.hang_up(f"the media failed: {cause}")
            case LegConnected() | LegFailed():
                pass

    async def _begin(self, transport: Transport, beside: str, encodings: tuple[str, ...]) -> Speaker:
        local = await self._opened(transport, beside)
        self._open = True
        if self.over:
            await self._drop_media()
        # Only what the media workers speak, whatever a trunk prefers.
        spoken = tuple(name for name in encodings if name in self._encodings) or self._encodings
        self._speaker = Speaker(local=local, transport=transport, session_id=secrets.randbits(62), encodings=spoken)
        return self._speaker

    async def _opened(self, transport: Transport, beside: str) -> LocalEnd:
        """The media, once a worker is there: one that died is back in a moment."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + MEDIA_WITHIN_S
        while True:
            try:
                return await self._media.open(self.sid, transport, beside=beside)
            except ConnectionError:
                if self.over or loop.time() > until_s:
                    raise
            await asyncio.sleep(MEDIA_RETRY_S)

    def _connect(self, description: bytes, then: LegEvent | None = None) -> bool:
        """Begin to send and receive as an answer says; False where it has nothing in common with our offer."""
        assert self._speaker is not None
        try:
            remote = read_answer(description, self._speaker)
        except NoCommonMediaError:
            return False
        self._speaker = in_role(self._speaker, remote)
        self._own(self._connect_to(remote, then))
        return True

    async def _connect_to(self, remote: RemoteEnd, then: LegEvent | None = None) -> None:
        # One after the other: a later description must not be overtaken by an earlier one.
        before, done = self._connecting, asyncio.get_running_loop().create_future()
        self._connecting = done
        try:
            if before is not None:
                await asyncio.shield(before)
            await self._media.connect(self.sid, self._with_hint(remote))
        except ConnectionError:
            self.hang_up("the media worker is away")
            return
        finally:
            done.set_result(None)
        if then is not None:
            self._tell(then)

    def _with_hint(self, remote: RemoteEnd) -> RemoteEnd:
        """With where the signalling comes from: a peer behind NAT sends its media from there too."""
        host = "" if self._line is None else self._line.peer_host
        return msgspec.structs.replace(within_reason(remote, host), signalled=host)

    async def _drop_media(self) -> LegStats | None:
        if not self._open:
            return None
        self._open = False
        try:
            return await self._media.close(self.sid)
        except ConnectionError:
            # The worker is gone, and the leg with it.
            return None

    def let_go(self) -> None:
        """Tell nobody any more, and hold nothing that holds this leg. For a leg that is closed."""
        self.tell = _tell_nobody
        self._line = self._incoming = None

    def _settle_attempt(self, status: int) -> None:
        if self._attempt is not None and not self._attempt.done():
            self._attempt.set_result(status)

    def _expect_end(self, status: int) -> None:
        if self._alarm is None and not self.over:
            self._alarm = asyncio.get_running_loop().call_later(END_WITHIN_S, self._end, status)

    def _end(self, status: int, cause: str = "") -> None:
        if self._told_end:
            return
        self._told_end = self.over = True
        self._settle_attempt(status)
        self.tell(Ended(status, self._cause or cause))

    def _tell(self, event: LegEvent) -> None:
        if not self.over:
            self.tell(event)
        elif isinstance(event, Recorded):
            # A recording ends after the leg that it was made on.
            self.tell(event)

    def _own(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _tell_nobody(_: LegEvent) -> None:
    return
