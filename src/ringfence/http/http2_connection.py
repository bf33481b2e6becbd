"""One HTTP/2 connection of a client: many requests at once, each within its bounds.

Source: RFC 9113. The framing is h2's (`ringfence[push]`).
"""

import asyncio
from typing import Final

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from ringfence.http.connection import Answer, BadAnswerError, ConnectionLostError, TooLargeAnswerError

MAX_HEAD_BYTES: Final = 64 << 10
_FAR: Final = 2**31 - 1


class _Stream:
    """A request that is under way."""

    def __init__(self, answer: "asyncio.Future[Answer]", max_body_bytes: int) -> None:
        self.answer = answer
        self.max_body_bytes = max_body_bytes
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body = bytearray()
        self.first_byte_s = 0.0
        self.unsent = b""


class Http2Connection(asyncio.Protocol):
    """After its peer says that it goes, or any error of the whole, it takes no more requests: `open` is False."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config=config)
        self._streams: dict[int, _Stream] = {}
        self._room = asyncio.Condition()
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._h2.local_settings = h2.settings.Settings(
            client=True,
            initial_values={
                h2.settings.SettingCodes.ENABLE_PUSH: 0,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )
        self._h2.initiate_connection()
        self.open = True
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ConnectionLostError)

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.close()
            return
        for event in events:
            self._take(event)
        self._flush()

    async def exchange(
        self, headers: list[tuple[str, str]], body: bytes, *, max_body_bytes: int, deadline_s: float
    ) -> Answer:
        """The answer to a request. ConnectionLostError, BadAnswerError (late, too), TooLargeAnswerError."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        stream_id = 0
        try:
            async with asyncio.timeout_at(deadline_s):
                await self._wait_for_room()
                stream_id = self._h2.get_next_available_stream_id()
                stream = self._streams[stream_id] = _Stream(answer, max_body_bytes)
                self._h2.send_headers(stream_id, headers, end_stream=not body)
                stream.unsent = body
                self._send_body(stream_id, stream)
                self._flush()
                return await answer
        except TimeoutError:
            raise BadAnswerError("no answer in time") from None
        except h2.exceptions.ProtocolError:
            self.close()
            raise ConnectionLostError(untouched=True) from None
        finally:
            if self._streams.pop(stream_id, None) is not None and not answer.done():
                self._reset(stream_id)
            if not self.open and not self._streams:
                # Its peer said goodbye, and the last answer is here.
                self.close()
            self._loop.create_task(self._tell_of_room())

    def close(self) -> None:
        """End it; what is under way is lost."""
        self.open = False
        if self._transport is not None:
            self._transport.close()
        self._end(ConnectionLostError)

    async def _wait_for_room(self) -> None:
        async with self._room:
            await self._room.wait_for(lambda: not self.open or len(self._streams) < self._limit())
        if not self.open:
            raise ConnectionLostError(untouched=True)

    def _limit(self) -> int:
        return min(int(self._h2.remote_settings.max_concurrent_streams or _FAR), _FAR)

    async def _tell_of_room(self) -> None:
        async with self._room:
            self._room.notify_all()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                self._head(event.stream_id, event.headers)
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self._more(event.stream_id, event.data)
            case h2.events.StreamEnded():
                self._finish(event.stream_id)
            case h2.events.StreamReset():
                self._fail(event.stream_id, BadAnswerError("the request was cut off"))
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                for stream_id, stream in self._streams.items():
                    self._send_body(stream_id, stream)
            case h2.events.ConnectionTerminated():
                # What it took already it may still answer; nothing new goes here.
                self.open = False
                for stream_id in [each for each in self._streams if each > (event.last_stream_id or 0)]:
                    self._fail(stream_id, ConnectionLostError(untouched=True))
            case _:
                return

    def _head(self, stream_id: int, headers: object) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        pairs = [(str(name), str(value)) for name, value in headers]  # type: ignore[attr-defined]
        status = next((value for name, value in pairs if name == ":status"), "")
        if not status.isdecimal():
            self._fail(stream_id, BadAnswerError("an answer without a status"))
            return
        stream.status, stream.first_byte_s = int(status), self._loop.time()
        stream.headers = tuple((name, value) for name, value in pairs if not name.startswith(":"))

    def _more(self, stream_id: int, data: bytes) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        stream.body += data
        if len(stream.body) > stream.max_body_bytes:
            self._fail(stream_id, TooLargeAnswerError())
            self._reset(stream_id)

    def _finish(self, stream_id: int) -> None:
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.answer.done():
            answer = Answer(stream.status, stream.headers, bytes(stream.body), stream.first_byte_s)
            stream.answer.set_result(answer)

    def _fail(self, stream_id: int, error: Exception) -> None:
        stream = self._streams.get(stream_id)
        if stream is not None and not stream.answer.done():
            stream.answer.set_exception(error)

    def _end(self, error: type[ConnectionLostError]) -> None:
        self.open = False
        for stream in self._streams.values():
            if not stream.answer.done():
                stream.answer.set_exception(error(untouched=stream.first_byte_s == 0.0))
        self._loop.create_task(self._tell_of_room())

    def _send_body(self, stream_id: int, stream: _Stream) -> None:
        while stream.unsent:
            size = min(
                self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size, len(stream.unsent)
            )
            if size <= 0:
                return
            part, stream.unsent = stream.unsent[:size], stream.unsent[size:]
            self._h2.send_data(stream_id, part, end_stream=not stream.unsent)

    def _reset(self, stream_id: int) -> None:
        try:
            self._h2.reset_stream(stream_id, h2.errors.ErrorCodes.CANCEL)
        except h2.exceptions.ProtocolError:
            # It is over already.
            return
        self._flush()

    def _flush(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._h2.data_to_send())
