"""The calling side: one connection, many calls at once, all calls of one event-loop tick in one frame."""

import asyncio
import functools
import time
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec

from ringfence.ipc import frames
from ringfence.ipc.faults import error_of

TIMEOUT_S = 30.0
MAX_IN_FLIGHT = 16_384
RETRY_S = 0.05

T = TypeVar("T")


@functools.lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind)


class Client:
    """Calls verbs at a Unix socket. It connects when first used, and again after the other side was away.

    A call raises ConnectionError when the other side is away, goes away, or does not answer in time; then nothing is
    known of what it did. The errors of `ipc.faults` arrive as themselves.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout_s: float = TIMEOUT_S,
        max_in_flight: int = MAX_IN_FLIGHT,
        max_frame_bytes: int = frames.MAX_FRAME_BYTES,
    ) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._max_in_flight = max_in_flight
        self._max_bytes = max_frame_bytes
        self._connecting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._outgoing: list[frames.Request] = []
        self._waiting: dict[int, asyncio.Future[frames.Reply]] = {}
        self._last_id = 0

    @overload
    async def call(self, verb: str, *args: object, timeout_s: float | None = None) -> Any: ...
    @overload
    async def call(self, verb: str, *args: object, returns: type[T], timeout_s: float | None = None) -> T: ...
    async def call(self, verb: str, *args: object, returns: Any = Any, timeout_s: float | None = None) -> Any:
        """The verb's answer, decoded as `returns`. `timeout_s` replaces the client's own for this call."""
        encoded = frames.encode(args)
        if not frames.fits(encoded, self._max_bytes):
            raise ValueError("the call is larger than a frame may be")
        if self._writer is None or self._writer.is_closing():
            await self._connect()
        if len(self._waiting) >= self._max_in_flight:
            raise ConnectionError("too many calls in flight")
        loop = asyncio.get_running_loop()
        self._last_id += 1
        call_id = self._last_id
        answer: asyncio.Future[frames.Reply] = loop.create_future()
        self._waiting[call_id] = answer
        if not self._outgoing:
            loop.call_soon(self._flush)
        self._outgoing.append(frames.Request(call_id, verb, encoded))
        alarm = loop.call_later(self._timeout_s if timeout_s is None else timeout_s, _give_up, answer)
        try:
            reply = await answer
        finally:
            alarm.cancel()
            self._waiting.pop(call_id, None)
        if not reply.ok:
            raise error_of(reply.payload)
        try:
            return _decoder(returns).decode(reply.payload)
        except msgspec.DecodeError:
            raise ConnectionError("the answer is not what was agreed") from None

    async def ready(self, within_s: float) -> None:
        """Return once connected; ConnectionError when that takes longer than `within_s`."""
        until = time.monotonic() + within_s
        while True:
            try:
                return await self._connect()
            except ConnectionError:
                if time.monotonic() + RETRY_S > until:
                    raise
                await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Drop the connection; calls in flight raise ConnectionError. A later call connects again."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _connect(self) -> None:
        async with self._connecting:
            if self._writer is not None and not self._writer.is_closing():
                return
            await self.close()
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._path))
            except OSError as error:
                raise ConnectionError(f"nothing answers at {self._path.name}") from error
            self._writer = writer
            self._reading = asyncio.create_task(self._read(reader, writer))

    def _flush(self) -> None:
        batch, self._outgoing = self._outgoing, []
        if self._writer is None or not batch:
            return  # the connection went down in this very tick, and its calls were told
        for frame in frames.pack(batch, self._max_bytes):
            self._writer.write(frame)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (payload := await frames.read_frame(reader, self._max_bytes)) is not None:
                for reply in frames.unpack_replies(payload):
                    answer = self._waiting.get(reply.id)
                    if answer is not None and not answer.done():
                        answer.set_result(reply)
        except OSError:
            pass  # every call that waits is told below
        finally:
            writer.close()
            self._writer = None
            self._outgoing = []
            waiting, self._waiting = self._waiting, {}
            for answer in waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError(f"{self._path.name} went away"))


def _give_up(answer: asyncio.Future[frames.Reply]) -> None:
    if not answer.done():
        answer.set_exception(ConnectionError("no answer in time"))
