"""The live feed: server-sent events that begin with a snapshot and continue with what changed.

Source: HTML Living Standard, section "Server-sent events".
"""

import asyncio
import itertools
from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

from ringfence.carriers.simulator.answers import (
    PRIVATE_HEADERS,
    call_json,
    encode,
    fault_json,
    handset_json,
    text_json,
    timestamp,
)
from ringfence.carriers.simulator.changes import Batch
from ringfence.carriers.simulator.handset import Handset, LoggedCall, Text
from ringfence.carriers.simulator.network import Network

KEEP_ALIVE_S = 15.0
GATHER_S = 0.03
RETRY_MS = 1_000
SNAPSHOT_TEXTS = 50
MAX_READERS = 32


class LiveFeed:
    """One reader's feed, an ASGI application, until the reader leaves or the server closes.

    `last_event_id` is where a reader that lost its connection stood.
    """

    def __init__(self, network: Network, closing: asyncio.Event, last_event_id: str = "") -> None:
        self._network = network
        self._closing = closing
        self._version = self._version_of(last_event_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {**PRIVATE_HEADERS, "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no"}
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": encoded})
        feeding = asyncio.ensure_future(self._feed(send))
        leaving = asyncio.ensure_future(_until_disconnect(receive))
        closing = asyncio.ensure_future(self._closing.wait())
        tasks = (feeding, leaving, closing)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._closing.is_set():
            await send({"type": "http.response.body", "body": b""})

    async def _feed(self, send: Send) -> None:
        stirred = asyncio.Event()
        stop = self._network.changes.listen(stirred.set)
        try:
            await _write(send, b"retry: %d\n\n" % RETRY_MS)
            while True:
                stirred.clear()
                batch = self._network.changes.since(self._version)
                if batch.whole or batch.version != self._version:
                    self._version = batch.version
                    await _write(send, self._event(batch))
                    # What changes within this time goes out as one event: a busy network stays readable.
                    await asyncio.sleep(GATHER_S)
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        await stirred.wait()
                except TimeoutError:
                    await _write(send, b": still here\n\n")
        finally:
            stop()

    def _event(self, batch: Batch) -> bytes:
        handsets: Iterable[Handset] = batch.handsets
        texts: Iterable[Text] = batch.texts
        calls: Iterable[LoggedCall] = batch.calls
        if batch.whole:
            handsets = self._network.handsets()
            texts = itertools.chain.from_iterable(tuple(handset.texts)[-SNAPSHOT_TEXTS:] for handset in handsets)
            calls = itertools.chain.from_iterable(handset.calls for handset in handsets)
        content = {
            "now": timestamp(self._network.clock.now_ms()),
            "handsets": [handset_json(handset) for handset in handsets],
            "messages": [text_json(text) for text in texts],
            "calls": [call_json(call) for call in calls],
            "removed": batch.removed,
            "faults": [fault_json(fault) for fault in self._network.faults],
        }
        name = b"snapshot" if batch.whole else b"changes"
        event_id = f"{self._network.run_id}-{batch.version}".encode()
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (event_id, name, encode(content))

    def _version_of(self, event_id: str) -> int:
        run_id, _, version = event_id.partition("-")
        known = run_id == self._network.run_id and version.isdecimal() and len(version) < 16
        return int(version) if known else -1


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
