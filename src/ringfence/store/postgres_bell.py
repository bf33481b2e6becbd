"""A doorbell between all processes that share a PostgreSQL database, on whatever machine: LISTEN and NOTIFY.

It carries no news, only that there is some: whoever hears it looks into the store. A ring that gets lost costs what is
left of a poll. Source: PostgreSQL, "NOTIFY".
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog

from ringfence.ports.store import StoreFailedError
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_connection import connect
from ringfence.store.postgres_presence import LOOK_S, PostgresPresence

CHANNEL = "ringfence"
VOICE_CHANNEL = "ringfence_voice"
# Rings of a busy process are told together: each wakes every listener, and costs the server a transaction.
GAP_S = 0.01
# How often a silent connection is tried, and how long it may take: a machine that vanished says no goodbye.
ALIVE_S = 10.0
ANSWER_S = 5.0
RECONNECT_FIRST_S = 0.1
RECONNECT_MAX_S = 1.0

_log = structlog.get_logger(__name__)


class PostgresBell:
    """A `ports.wake.Wake` that all other processes hear. One connection, held by `run`, listens and notifies.

    NOTIFY runs after the commit it is about, in a transaction of its own that writes nothing: inside, it would make
    commits of all processes wait for one another's disk.
    """

    def __init__(
        self,
        url: str,
        heard: Callable[[], None] | None = None,
        presence: PostgresPresence | None = None,
        *,
        channel: str = CHANNEL,
    ) -> None:
        """`heard` is called when another process rang on this channel, and whenever a ring may have been missed.

        The connection is a dispatcher's sign of life too, where it has a `presence`.
        """
        self._url = url
        self._channel = channel
        self._heard = heard
        self._presence = presence
        self._stirred = asyncio.Event()
        self._ringing = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def ring(self) -> None:
        """Wake the others, once for all rings of a moment. Without a connection a no-op. Never blocks."""
        self._ringing = True
        self._stirred.set()

    async def run(self) -> None:
        """Hold the connection until cancelled; one that is lost is made again."""
        wait_s = RECONNECT_FIRST_S
        while True:
            try:
                connection = await connect(self._url)
            except StoreFailedError:
                wait_s = min(2 * wait_s, RECONNECT_MAX_S)
            else:
                wait_s = RECONNECT_FIRST_S
                await self._serve_until_lost(connection)
            await asyncio.sleep(wait_s)

    async def _serve_until_lost(self, connection: Connection) -> None:
        try:
            await self._serve(connection)
        except Exception as error:
            # Whatever it was, the store is polled meanwhile, and a new connection mends it.
            _log.warning("doorbell lost", error=type(error).__name__)
        finally:
            connection.terminate()

    async def _serve(self, connection: Connection) -> None:
        connection.add_termination_listener(lambda _: self._stirred.set())
        if self._heard is not None:
            await connection.add_listener(self._channel, self._hear)
            self._heard()
        if self._presence is not None:
            self._presence.arrive()
        loop = asyncio.get_running_loop()
        beat_s = loop.time()
        while True:
            if loop.time() >= beat_s:
                await asyncio.wait_for(self._beat(connection), ANSWER_S)
                beat_s = loop.time() + (ALIVE_S if self._presence is None else LOOK_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(beat_s):
                    await self._stirred.wait()
            self._stirred.clear()
            if connection.is_closed():
                raise ConnectionResetError("the server ended the connection")
            if self._ringing:
                self._ringing = False
                await connection.execute(f"NOTIFY {self._channel}", timeout=ANSWER_S)
                await asyncio.sleep(GAP_S)

    async def _beat(self, connection: Connection) -> None:
        if self._presence is None:
            await connection.execute("SELECT 1")
        elif await self._presence.look(connection) and self._heard is not None:
            self._heard()

    def _hear(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        if self._heard is not None and pid != connection.get_server_pid():
            self._heard()
