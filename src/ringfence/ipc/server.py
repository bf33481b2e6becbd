"""The answering side: many requests in flight on each connection, answers in batches, all of it bounded."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

import structlog

from ringfence.ipc import frames
from ringfence.ipc.faults import fault_of, is_known
from ringfence.ipc.sockets import bind, peer_uid
from ringfence.ipc.verbs import Handler, Verbs

MAX_CONNECTIONS = 64
MAX_IN_FLIGHT = 1024

_log = structlog.get_logger(__name__)


class Server:
    """A listening socket and its connections. Made by `serve`."""

    def __init__(
        self, path: Path, verbs: Verbs, uids: frozenset[int], max_connections: int, max_in_flight: int, max_bytes: int
    ) -> None:
        self._path = path
        self._verbs = verbs
        self._uids = uids
        self._max_connections = max_connections
        self._max_in_flight = max_in_flight
        self._max_bytes = max_bytes
        self._connections: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def listen(self) -> None:
        bound = bind(self._path, socket.SOCK_STREAM, shared=bool(self._uids - {os.getuid()}))
        self._listener = await asyncio.start_unix_server(self._accept, sock=bound, backlog=self._max_connections)

    async def close(self) -> None:
        """Stop listening, drop connections with what they have in flight, remove the socket. Idempotent."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            uid = peer_uid(writer.get_extra_info("socket").fileno())
            if uid not in self._uids:
                _log.warning("ipc.peer_refused", socket=self._path.name, code=uid)
            elif len(self._connections) > self._max_connections:
                _log.warning("ipc.connections_full", socket=self._path.name)
            else:
                await _Connection(self._verbs, reader, writer, self._max_in_flight, self._max_bytes).run()
        except (OSError, asyncio.CancelledError):
            pass  # the peer left or we are closing: the connection ends either way
        finally:
            self._connections.discard(task)
            writer.close()


class _Connection:
    """One peer: reads batches, runs each request as a task, writes what is answered by then as one batch."""

    def __init__(
        self,
        verbs: Verbs,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        max_in_flight: int,
        max_bytes: int,
    ) -> None:
        self._verbs = verbs
        self._reader = reader
        self._writer = writer
        self._slots = asyncio.Semaphore(max_in_flight)
        self._max_bytes = max_bytes
        self._tasks: set[asyncio.Task[None]] = set()
        self._answered: list[frames.Reply] = []
        self._some_answered = asyncio.Event()

    async def run(self) -> None:
        answering = asyncio.create_task(self._write())
        reading = asyncio.create_task(self._read())
        try:
            done, _ = await asyncio.wait((answering, reading), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except frames.FrameError as error:
            _log.warning("ipc.frame_refused", cause=str(error))
        finally:
            ours = (answering, reading, *self._tasks)
            for task in ours:
                task.cancel()
            await asyncio.gather(*ours, return_exceptions=True)

    async def _read(self) -> None:
        while (payload := await frames.read_frame(self._reader, self._max_bytes)) is not None:
            for request in frames.unpack_requests(payload):
                await self._slots.acquire()
                task = asyncio.create_task(self._answer(request))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: frames.Request) -> None:
        try:
            value = frames.encode(await self._verbs.call(request.verb, request.payload))
            if not frames.fits(value, self._max_bytes):
                raise ValueError("the answer is larger than a frame may be")
            reply = frames.Reply(request.id, True, value)
        except Exception as error:
            if not is_known(error):
                _log.error("ipc.verb_failed", verb=request.verb, error=type(error).__name__)
            reply = frames.Reply(request.id, False, frames.encode(fault_of(error)))
        self._answered.append(reply)
        self._some_answered.set()

    async def _write(self) -> None:
        while True:
            await self._some_answered.wait()
            self._some_answered.clear()
            batch, self._answered = self._answered, []
            for frame in frames.pack(batch, self._max_bytes):
                self._writer.write(frame)
            await self._writer.drain()
            # Only now, so that a peer that does not read its answers is no longer read from.
            for _ in batch:
                self._slots.release()


async def serve(
    path: Path,
    handlers: Mapping[str, Handler],
    allowed_uids: Collection[int] | None = None,
    *,
    max_connections: int = MAX_CONNECTIONS,
    max_in_flight: int = MAX_IN_FLIGHT,
    max_frame_bytes: int = frames.MAX_FRAME_BYTES,
) -> Server:
    """Answer `handlers` at a Unix socket until the returned server is closed.

    The socket is 0600 in a 0700 directory, unless other users are allowed; a peer whose user id is not in
    `allowed_uids` (default: our own) is cut off before it is read from. Handlers are async; their annotations type the
    arguments. `max_in_flight` bounds the requests of one connection: beyond it the connection is not read. OSError
    where the path cannot be had.
    """
    uids = frozenset(allowed_uids if allowed_uids is not None else (os.getuid(),))
    server = Server(path, Verbs(handlers), uids, max_connections, max_in_flight, max_frame_bytes)
    await server.listen()
    return server
