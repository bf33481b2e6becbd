"""Signed status callbacks a second, from one process to a sink in another: form, signature, client, answer.

    python benchmarks/webhook_client.py [--seconds 3] [--at-once 64] [--detail]

The sink is nginx where it is installed, and answers 204. CPU is the caller's alone: the figure that counts is
callbacks a second of its CPU. Opening content and settling events are not part of it: see the store's benchmark.
With --detail each callback is written down for the timeline too, and sealed.
"""

import argparse
import asyncio
import os
import time
from typing import NamedTuple

import uvloop
from callback_sink import callback_sink

from ringfence.domain.clock import SystemClock
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.attempt import seal_attempt
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sid import new_sid
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, development
from ringfence.ports.store import EventRow, MessageRow
from ringfence.usecases.webhooks.call_webhook import WebhookRequest, call_webhook
from ringfence.usecases.webhooks.deliver_event import token_of
from ringfence.usecases.webhooks.text_form import status_form
from ringfence.usecases.webhooks.trace import Trace

ACCOUNT = "AC" + "a" * 32
STATES = states_of(b"0123456789abcdef0123456789abcdef")
WARM_UP_S = 0.5


def event() -> tuple[MessageRow, EventRow]:
    sid = new_sid("SM")
    row = MessageRow(
        account=ACCOUNT,
        sid=sid,
        direction=Direction.OUTBOUND_API,
        status=Status.DELIVERED,
        local="+12025550123",
        remote_index=b"",
        remote_region="US",
        epoch=1,
        content=b"sealed",
        num_segments=1,
        created_ms=0,
        updated_ms=0,
    )
    at_ms = time.time_ns() // 1_000_000
    told = EventRow(
        id=1, account=ACCOUNT, message_sid=sid, kind="message.delivered", sequence=1, at_ms=at_ms, due_ms=at_ms
    )
    return row, told


class Figures(NamedTuple):
    took_s: list[float]
    wall_s: float
    cpu_s: float


async def call_for(url: str, seconds: float, at_once: int, detail: bool) -> Figures:
    """Call for so long, after a moment in which connections are made."""
    http, clock = PooledClient(EgressGuard(development()), per_host=at_once), SystemClock()
    content = Content(remote="+12025550177", body="", status_callback=url)
    took_s: list[float] = []
    until_s = 0.0
    record_key = os.urandom(32)

    async def worker() -> None:
        while (started_s := time.perf_counter()) < until_s:
            row, told = event()
            request = WebhookRequest(
                method="POST",
                url=url,
                form=status_form(row, content, told),
                states=STATES,
                token=token_of(told),
                max_body_bytes=1 << 20,
            )
            if detail:
                trace = Trace(http, clock)
                await call_webhook(trace, clock, request)
                seal_attempt(record_key, ACCOUNT, row.sid, told.id, trace.attempt())
            else:
                await call_webhook(http, clock, request)
            took_s.append(time.perf_counter() - started_s)

    async def workers(for_s: float) -> None:
        nonlocal until_s
        until_s = time.perf_counter() + for_s
        await asyncio.gather(*(worker() for _ in range(at_once)))

    await workers(WARM_UP_S)
    took_s.clear()
    started_s, cpu_s = time.perf_counter(), time.process_time()
    await workers(seconds)
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    await http.close()
    return Figures(sorted(took_s), wall_s, cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--detail", action="store_true")
    options = parser.parse_args()
    with callback_sink() as sink:
        url = f"http://127.0.0.1:{sink.port}/status?shop=1"
        took_s, wall_s, cpu_s = uvloop.run(call_for(url, options.seconds, options.at_once, options.detail))
    count = len(took_s)
    p99_ms = took_s[int(count * 0.99)] * 1_000
    print(
        f"{count / wall_s:,.0f} callbacks/s ({count / cpu_s:,.0f} a second of CPU), p99 {p99_ms:.1f} ms, "
        f"{options.at_once} at once"
    )


if __name__ == "__main__":
    main()
