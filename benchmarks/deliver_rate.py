"""How many waiting texts a second a whole installation delivers, with signed callbacks for sent and delivered.

python benchmarks/deliver_rate.py [--seconds 4] [--connections 32] [--recipients 7000000] [--directory DIR]
    [--database sqlite postgres postgresql://…]

The dispatcher is stopped (SIGSTOP) while wrk has texts accepted for so long, so that all of them wait; then it goes on,
and the clock runs until every text has its receipt and every callback its 2xx, both written down. The last line is what
the callbacks alone would cost: the same two requests a text from a bare client, which signs nothing, opens nothing and
writes nothing down. CPU a text is the figure to compare; rates follow the machine's other work. --database names one
store or several, as for `accept_rate.py`.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import signal
import sqlite3
import tempfile
import time
from pathlib import Path

import asyncpg
import uvloop
from accept_rate import costs, database_url, installation, load, memory, usage_of
from callback_sink import Sink, callback_sink

DRAIN_LIMIT_S = 120
CEILING_S = 2.0
AT_ONCE = 64
POST = (
    b"POST /status HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: TwilioProxy/1.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
    b"X-Twilio-Signature: 0/KCTR6DLpKmkAf8muzZqo1nDgQ=\r\n"
    b"I-Twilio-Idempotency-Token: 3d7d1a5c-7c0e-4f1e-9d6b-2d7c3e8f9a10\r\nContent-Length: 360\r\n\r\n" + b"x" * 360
)


class BareClient(asyncio.Protocol):
    """Sends the same bytes again at each answer."""

    answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(POST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        BareClient.answers += 1
        self._transport.write(POST)  # type: ignore[attr-defined]


def bare_posts(port: int) -> tuple[float, float]:
    """(posts a second, CPU µs each) of a client that does nothing else."""

    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(BareClient, "127.0.0.1", port) for _ in range(AT_ONCE)]
        await asyncio.sleep(0.2)
        before, cpu_s, began_s = BareClient.answers, time.process_time(), time.perf_counter()
        await asyncio.sleep(CEILING_S)
        answers, cpu_s, seconds = (
            BareClient.answers - before,
            time.process_time() - cpu_s,
            time.perf_counter() - began_s,
        )
        for transport, _ in made:
            transport.abort()
        return answers / seconds, cpu_s / answers * 1e6

    return uvloop.run(main())


def count(database: Path | str, question: str) -> int:
    if isinstance(database, str):
        return asyncio.run(count_in_postgres(database, question))
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        return int(reader.execute(question).fetchone()[0])


async def count_in_postgres(database: str, question: str) -> int:
    connection = await asyncpg.connect(database)
    try:
        return int(await connection.fetchval(question))
    finally:
        await connection.close()


def finished(database: Path | str) -> tuple[int, int]:
    """(texts with their receipt, callbacks taken)."""
    taken = count(database, "SELECT count(*) FROM attempt WHERE state = 'done'")
    return count(database, "SELECT count(*) FROM rated"), taken


def drain(directory: Path, url: str, sink: Sink, options: argparse.Namespace) -> float:
    """Deliver what was made to wait; the answer is texts a second."""
    with installation(directory, url) as (target, pids, file, _):
        database = url or file
        os.kill(pids["dispatcher"], signal.SIGSTOP)
        load(target, {"StatusCallback": f"http://127.0.0.1:{sink.port}/status"}, options)
        texts = count(database, "SELECT count(*) FROM message")
        pids["sink"] = sink.pid
        print(f"{texts:,} texts wait; resident MiB: {memory(pids)}", flush=True)
        os.kill(pids["dispatcher"], signal.SIGCONT)
        before, began_s = usage_of(pids), time.perf_counter()
        while time.perf_counter() < began_s + DRAIN_LIMIT_S:
            # wrk leaves its last requests to themselves: some are accepted after it has ended.
            texts = count(database, "SELECT count(*) FROM message")
            if (now := finished(database)) == (texts, 2 * texts):
                break
            time.sleep(0.1)
        seconds, after = time.perf_counter() - began_s, usage_of(pids)
        print(
            f"delivered texts/s with two callbacks each: {now[0] / seconds:,.0f} ({now[0]:,} texts, {now[1]:,} "
            f"callbacks to {sink.name}, {seconds:.1f} s); {costs(before, after, now[0])}; resident MiB: {memory(pids)}",
            flush=True,
        )
        return now[0] / seconds


def main(options: argparse.Namespace) -> None:
    for name in options.database:
        print(f"== {name if '://' not in name else 'the database of yours'}")
        with database_url(name) as url:
            measure(url, options)


def measure(url: str, options: argparse.Namespace) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start")
    with tempfile.TemporaryDirectory(dir=options.directory) as directory, callback_sink() as sink:
        rate = drain(Path(directory), url, sink, options)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            posts, each_us = pool.apply(bare_posts, (sink.port,))
        print(
            f"the two requests alone, from a bare client: {posts / 2:,.0f} texts/s, {2 * each_us:,.0f} µs CPU a text; "
            f"the whole {rate / (posts / 2):.1%}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--recipients", type=int, default=7_000_000)
    parser.add_argument("--directory", type=Path, default=None)
    parser.add_argument("--database", nargs="+", default=["sqlite"])
    main(parser.parse_args())
