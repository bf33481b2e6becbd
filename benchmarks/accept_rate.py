"""How many texts a second a whole installation takes and delivers: real processes, over its public port.

python benchmarks/accept_rate.py [--seconds 10] [--connections 32] [--recipients 7000000] [--directory DIR]
    [--database sqlite postgres postgresql://…]

A durable 201 means: signed in, checked, sealed, and synced to disk. The first line is about texts that go out at once,
from the first request until the last delivery receipt is written; the second about accepting alone, while the
dispatcher stands still. The last compares with the store alone, in one process. The load comes
from wrk where it is installed (apt-get install wrk), else from a slower Python loader. --database names one store or
several, measured one after the other: `postgres` is a server made for the run, a URL an empty database of your own.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from store_accept import accepts

from ringfence.domain.sid import new_sid
from ringfence.roles.dev_stock import BUSINESS_NUMBER
from ringfence.store.postgres import PostgresStore
from ringfence.store.postgres_connection import connect
from ringfence.store.sqlite import SqliteStore
from ringfence.testing.postgres_server import postgres_server_of_its_own

DRAIN_LIMIT_S = 60
STORE_SECONDS = 2
FIRST = 2_000_000
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
WRK_SCRIPT = """
local count = 0
request = function()
  count = count + 1
  local to = string.format("%%2B1303%07d", FIRST + count % RECIPIENTS)
  return wrk.format("POST", PATH, HEADERS, BODY .. "&To=" .. to)
end
done = function(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.status + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %f %f\\n", summary.requests, failed, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


class Target(NamedTuple):
    """An installation's public port, and who sends."""

    port: int
    account: str
    token: str

    @property
    def path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account}/Messages.json"

    @property
    def headers(self) -> dict[str, str]:
        basic = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}


class Load(NamedTuple):
    """What a load came to."""

    done: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float


class Usage(NamedTuple):
    """One process: CPU seconds so far, resident memory."""

    cpu_s: float
    mib: int


@contextlib.contextmanager
def installation(directory: Path, url: str = "") -> Iterator[tuple[Target, dict[str, int], Path, float]]:
    """Runs `ringfence up`: where it serves, its processes by role, its database, and after how long it was ready.

    With a `url` its store is PostgreSQL, and there is no file.
    """
    surroundings = os.environ | {
        "RINGFENCE_DATABASE_URL": url,
        "RINGFENCE_NUMBER_RATE_MPS": "100000",
        "RINGFENCE_ACCOUNT_RATE_MPS": "100000",
        "XDG_CONFIG_HOME": str(directory / "profiles"),
    }
    command = [sys.executable, "-m", "ringfence", "up", "--json", "--port", "0", "--data", str(directory)]
    began_s = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=surroundings, cwd=directory) as up:
        try:
            assert up.stdout is not None
            ready = json.loads(up.stdout.readline())
            ready_s = time.perf_counter() - began_s
            port = int(ready["base_url"].rpartition(":")[2])
            target = Target(port, ready["account_sid"], ready["auth_token"])
            yield target, {"up": up.pid} | roles_of(up.pid), directory / "ringfence.db", ready_s
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(15)


def roles_of(pid: int) -> dict[str, int]:
    """Process ids of the roles that `pid` supervises."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0") for child in children}
    return {
        words[words.index(b"ringfence.roles") + 1].decode(): child
        for child, words in commands.items()
        if b"ringfence.roles" in words
    }


def usage_of(pids: dict[str, int]) -> dict[str, Usage]:
    """CPU and memory of each process now."""
    usages = {}
    for name, pid in pids.items():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
        resident = re.search(r"VmRSS:\s+(\d+)", status)
        usages[name] = Usage((int(fields[11]) + int(fields[12])) * TICK_S, int(resident[1]) >> 10 if resident else 0)
    return usages


def costs(before: dict[str, Usage], after: dict[str, Usage], texts: int) -> str:
    """What each process spent on a text."""
    spent_us = {name: (after[name].cpu_s - before[name].cpu_s) / max(texts, 1) * 1e6 for name in before}
    return "CPU a text: " + ", ".join(f"{name} {each_us:,.0f} µs" for name, each_us in spent_us.items())


def load(target: Target, form: dict[str, str], options: argparse.Namespace) -> Load:
    """POST the form with ever another recipient, as fast as answers come."""
    body = urlencode({"From": BUSINESS_NUMBER, "Body": "Your appointment is tomorrow at ten.", **form})
    if shutil.which("wrk") is None:
        print("wrk is not installed: a Python loader takes its place, and much of the machine")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(python_load, (target, body, options.seconds, options.connections, options.recipients))
    return wrk_load(target, body, options)


def wrk_load(target: Target, body: str, options: argparse.Namespace, first: int = FIRST) -> Load:
    """wrk makes one request that it does not send, so the first recipient is two behind `first`."""
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in target.headers.items())
    numbers = f"FIRST = {first}\nRECIPIENTS = {options.recipients}\n"
    values = f'{numbers}PATH = "{target.path}"\nBODY = "{body}"\nHEADERS = {{{headers}}}\n'
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(values + WRK_SCRIPT)
        script.flush()
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds:.0f}s", "-s", script.name]
        told = subprocess.run(
            [*command, f"http://127.0.0.1:{target.port}"], check=True, capture_output=True, text=True
        ).stdout
    result = re.search(r"^RESULT (\d+) (\d+) (\d+) (\S+) (\S+)$", told, re.MULTILINE)
    assert result is not None, told
    return Load(int(result[1]), int(result[2]), int(result[3]) / 1e6, float(result[4]), float(result[5]))


def python_load(target: Target, body: str, seconds: float, connections: int, recipients: int) -> Load:
    return asyncio.run(_python_load(target, body, seconds, connections, recipients))


async def _python_load(target: Target, body: str, seconds: float, connections: int, recipients: int) -> Load:
    until_s = time.perf_counter() + seconds
    headers = "".join(f"{name}: {value}\r\n" for name, value in target.headers.items())
    took_ms: list[float] = []
    failed = 0

    async def send_on_and_on(count: int) -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
        while time.perf_counter() < until_s:
            count += connections
            content = f"{body}&To=%2B1303{2_000_000 + count % recipients:07}"
            head = f"POST {target.path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {len(content)}\r\n\r\n"
            start_s = time.perf_counter()
            writer.write((head + content).encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer)
            await reader.readexactly(int(length[1]) if length else 0)
            took_ms.append((time.perf_counter() - start_s) * 1e3)
            failed += not answer.startswith(b"HTTP/1.1 201")
        writer.close()

    await asyncio.gather(*(send_on_and_on(n) for n in range(connections)))
    cuts = statistics.quantiles(took_ms, n=100)
    return Load(len(took_ms), failed, seconds, cuts[49], cuts[98])


def accept(target: Target, pids: dict[str, int], options: argparse.Namespace) -> float:
    """Texts that nobody sends on meanwhile; the answer is how many a second were accepted."""
    os.kill(pids["dispatcher"], signal.SIGSTOP)
    try:
        before = usage_of(pids)
        came = load(target, {}, options)
    finally:
        os.kill(pids["dispatcher"], signal.SIGCONT)
    rate = (came.done - came.failed) / came.seconds
    print(
        f"durable 201/s: {rate:,.0f} at {options.connections} connections, p50 {came.p50_ms:.1f} ms, "
        f"p99 {came.p99_ms:.1f} ms, {came.failed} failed; {costs(before, usage_of(pids), came.done)}",
        flush=True,
    )
    return rate


def deliver(target: Target, pids: dict[str, int], database: Path | str, options: argparse.Namespace) -> None:
    """Texts that go out at once, until all are delivered."""
    before, began_s = usage_of(pids), time.perf_counter()
    came = load(target, {}, options)
    loaded = delivered(database)
    deadline_s = time.perf_counter() + DRAIN_LIMIT_S
    while (now := delivered(database)) < came.done - came.failed and time.perf_counter() < deadline_s:
        time.sleep(0.25)
    seconds = time.perf_counter() - began_s
    print(
        f"delivered texts/s: {now / seconds:,.0f} from the first request to the last receipt ({now:,} texts; "
        f"{(came.done - came.failed) / came.seconds:,.0f} accepted/s beside {loaded / came.seconds:,.0f} delivered/s, "
        f"then {(now - loaded) / max(seconds - came.seconds, 1e-9):,.0f}/s); "
        f"{costs(before, usage_of(pids), now)}",
        flush=True,
    )


def delivered(database: Path | str) -> int:
    """How many texts have their receipt, in a file or at a URL: each has a rated record then."""
    if isinstance(database, str):
        return asyncio.run(delivered_at(database))
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        return int(reader.execute("SELECT count(*) FROM rated").fetchone()[0])


async def delivered_at(url: str) -> int:
    connection = await connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM rated"))
    finally:
        await connection.close()


async def store_alone(directory: Path, url: str, writers: int) -> float:
    """Accepts a second of the store in this process."""
    store = PostgresStore(url) if url else SqliteStore(directory / "alone.db")
    await store.open()
    try:
        return len(await accepts(store, [new_sid("AC")], writers, time.perf_counter() + STORE_SECONDS, 1 << 40)) / (
            STORE_SECONDS
        )
    finally:
        await store.close()


@contextlib.contextmanager
def database_url(name: str) -> Iterator[str]:
    """The URL of what --database names; none for SQLite."""
    if name == "postgres":
        with postgres_server_of_its_own() as server:
            yield server.database()
    else:
        yield "" if name == "sqlite" else name


def main(options: argparse.Namespace) -> None:
    for name in options.database:
        print(f"== {name if '://' not in name else 'the database of yours'}")
        with database_url(name) as url:
            measure(url, options)


def measure(url: str, options: argparse.Namespace) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start")
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        with installation(Path(directory), url) as (target, pids, file, ready_s):
            print(f"ready after {ready_s:.1f} s; resident MiB: {memory(pids)}")
            deliver(target, pids, url or file, options)
            rate = accept(target, pids, options)
            print(f"resident MiB after all that: {memory(pids)}")
        alone = asyncio.run(store_alone(Path(directory), url, options.connections))
        print(f"the store alone, {options.connections} writers: {alone:,.0f} accepts/s; the whole {rate / alone:.0%}")


def memory(pids: dict[str, int]) -> str:
    return ", ".join(f"{name} {usage.mib}" for name, usage in usage_of(pids).items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--recipients", type=int, default=7_000_000)
    parser.add_argument("--directory", type=Path, default=None)
    parser.add_argument("--database", nargs="+", default=["sqlite"])
    main(parser.parse_args())
