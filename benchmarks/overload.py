"""What an installation does under ten times the load it can carry: real processes, over its public port.

python benchmarks/overload.py [--seconds 60] [--connections 32] [--times 10] [--directory DIR]

First the carried load: so many connections, each of which asks again as soon as it is answered. Then ten times as many
of every kind, which heed no Retry-After. Beside both a quiet account sends ten texts a second and looks when each
is delivered. Told are answers a second, latencies, how late the quiet account's texts are delivered, and the memory of
each process, which must not grow with the load.
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import uvloop
from accept_rate import Target, installation, usage_of

from ringfence.roles.dev_stock import BUSINESS_NUMBER

QUIET_PAUSE_S = 0.1
DELIVERY_LIMIT_S = 60.0
WARM_UP_S = 2.0
BODY = "Your appointment is tomorrow at ten."


class Sender(NamedTuple):
    """Who sends, and from which number."""

    target: Target
    number: str

    def request(self, recipient: int) -> bytes:
        """One text as bytes on the wire."""
        form = urlencode({"From": self.number, "To": f"+1303{2_000_000 + recipient % 7_000_000}", "Body": BODY})
        headers = "".join(f"{name}: {value}\r\n" for name, value in self.target.headers.items())
        head = f"POST {self.target.path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(form)}\r\n\r\n"
        return (head + form).encode()


class Busy(asyncio.Protocol):
    """A connection that asks again as soon as it is answered."""

    def __init__(self, sender: Sender, told: "Told", number: int, step: int) -> None:
        self._sender, self._told, self._next, self._step = sender, told, number, step

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._next += self._step
        self._began_s = time.perf_counter()
        self._transport.write(self._sender.request(self._next))

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 "):
            return  # the body, in a piece of its own
        self._told.answered(data[9:12], time.perf_counter() - self._began_s)
        if not self._told.ended:
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self._told.lost += not self._told.ended


class Told:
    """What came of it."""

    def __init__(self) -> None:
        self.accepted_s, self.refused_s = array("d"), array("d")
        self.other = self.lost = 0
        self.ended = False

    def answered(self, status: bytes, took_s: float) -> None:
        if status == b"201":
            self.accepted_s.append(took_s)
        elif status == b"429":
            self.refused_s.append(took_s)
        else:
            self.other += 1

    def clear(self) -> None:
        del self.accepted_s[:], self.refused_s[:]


def busy(sender: Sender, connections: int, seconds: float, answer: Connection) -> None:
    """A process that is a crowd. What came within the first seconds is left out."""

    async def run() -> None:
        told = Told()
        loop = asyncio.get_running_loop()
        for number in range(connections):
            await loop.create_connection(
                lambda number=number: Busy(sender, told, number, connections), "127.0.0.1", sender.target.port
            )
        await asyncio.sleep(WARM_UP_S)
        told.clear()
        began_s = time.perf_counter()
        await asyncio.sleep(seconds)
        took_s = time.perf_counter() - began_s
        told.ended = True
        answer.send((list(told.accepted_s), list(told.refused_s), told.other, told.lost, took_s))

    uvloop.run(run())


def quiet(sender: Sender, seconds: float, answer: Connection) -> None:
    """A process that sends a text now and then, and another thing to look when it is delivered."""
    time.sleep(WARM_UP_S)
    until_s = time.perf_counter() + seconds
    took_s: list[float] = []
    delivered_s: list[float] = []
    refused = 0
    connection = http.client.HTTPConnection("127.0.0.1", sender.target.port, timeout=DELIVERY_LIMIT_S)

    def ask(method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, Any]:
        body = urlencode(form) if form else None
        connection.request(method, path, body, sender.target.headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    count = 0
    while time.perf_counter() < until_s:
        count += 1
        form = {"From": sender.number, "To": f"+1303{9_100_000 + count}", "Body": BODY}
        began_s = time.perf_counter()
        status, message = ask("POST", sender.target.path, form)
        accepted_s = time.perf_counter()
        took_s.append(accepted_s - began_s)
        if status != 201:
            refused += 1
        elif count % 10 == 1:
            path = sender.target.path.replace(".json", f"/{message['sid']}.json")
            while ask("GET", path)[1].get("status") != "delivered":
                if time.perf_counter() - accepted_s > DELIVERY_LIMIT_S:
                    break
                time.sleep(0.05)
            delivered_s.append(time.perf_counter() - accepted_s)
        time.sleep(max(0.0, QUIET_PAUSE_S - (time.perf_counter() - began_s)))
    answer.send((took_s, delivered_s, refused))


def start(work: Any, *arguments: Any) -> Connection:
    """Run `work` in a process of its own; where its answer comes."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=work, args=(*arguments, there), daemon=True).start()
    return here


def second_account(directory: Path, port: int) -> Sender:
    """Another tenant with a number of its own."""
    made = subprocess.run(
        [sys.executable, "-m", "ringfence", "account", "create", "Quiet & Sons", "--data", str(directory)],
        check=True,
        capture_output=True,
        text=True,
        cwd=directory,
        env=os.environ | {"XDG_CONFIG_HOME": str(directory / "profiles")},
    ).stdout
    account, token = re.search(r"AC[0-9a-f]{32}", made), re.search(r"\b[0-9a-f]{32}\b", made)
    assert account is not None, made
    assert token is not None, made
    target = Target(port, account[0], token[0])
    base = target.path.removesuffix("/Messages.json")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"{base}/AvailablePhoneNumbers/US/Local.json", headers=target.headers)
    number = json.loads(connection.getresponse().read())["available_phone_numbers"][0]["phone_number"]
    form = urlencode({"PhoneNumber": number})
    connection.request("POST", f"{base}/IncomingPhoneNumbers.json", form, target.headers)
    assert connection.getresponse().status == 201
    return Sender(target, number)


def milliseconds(took_s: list[float]) -> str:
    """p50 and p99."""
    if len(took_s) < 2:
        return "-"
    cuts = statistics.quantiles(took_s, n=100)
    return f"{cuts[49] * 1e3:,.1f} / {cuts[98] * 1e3:,.1f}"


class Row(NamedTuple):
    load: str
    accepted: str
    refused: str
    other: str
    accepted_ms: str
    refused_ms: str
    quiet_ms: str
    quiet_refused: str
    delivered_ms: str


HEAD = Row(
    "load",
    "201/s",
    "429/s",
    "others, lost",
    "201 p50/p99 ms",
    "429 p50/p99 ms",
    "quiet p50/p99 ms",
    "quiet refused",
    "quiet delivered p50/max ms",
)


def measure(
    name: str, sender: Sender, still: Sender, connections: int, seconds: float, pids: dict[str, int]
) -> tuple[Row, list[tuple[str, dict[str, int]]]]:
    """One load, and the memory of each process before, in the middle of and after it, and its maximum."""
    before = memory(pids)
    crowd = start(busy, sender, connections, seconds) if connections else None
    calm = start(quiet, still, seconds)
    samples: list[dict[str, int]] = []
    while not calm.poll(1.0):
        samples.append(memory(pids))
    took_s, delivered_s, quiet_refused = calm.recv()
    accepted_s, refused_s, other, lost, lasted_s = crowd.recv() if crowd else ([], [], 0, 0, 1.0)
    row = Row(
        name,
        f"{len(accepted_s) / lasted_s:,.0f}",
        f"{len(refused_s) / lasted_s:,.0f}",
        f"{other}, {lost}",
        milliseconds(accepted_s),
        milliseconds(refused_s),
        milliseconds(took_s),
        f"{quiet_refused} of {len(took_s)}",
        f"{statistics.median(delivered_s) * 1e3:,.0f} / {max(delivered_s) * 1e3:,.0f}" if delivered_s else "-",
    )
    most = {role: max(sample[role] for sample in samples) for role in pids}
    moments = [("start", before), ("middle", samples[len(samples) // 2]), ("end", samples[-1]), ("most", most)]
    return row, [(f"{name}: {moment}", sizes) for moment, sizes in moments]


def memory(pids: dict[str, int]) -> dict[str, int]:
    return {name: usage.mib for name, usage in usage_of(pids).items()}


def show(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(" | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))


def main(options: argparse.Namespace) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start", flush=True)
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as directory,
        installation(Path(directory)) as (target, pids, _, _),
    ):
        sender = Sender(target, BUSINESS_NUMBER)
        still = second_account(Path(directory), target.port)
        short_s = min(options.seconds, 10)
        loads = [
            ("quiet alone", 0, short_s),
            ("carried", options.connections, short_s),
            (f"{options.times} times", options.connections * options.times, options.seconds),
            (f"{options.times}² times", options.connections * options.times**2, options.seconds / 2),
        ]
        rows, sizes = [HEAD], []
        for name, connections, seconds in loads:
            row, moments = measure(f"{name} ({connections})", sender, still, connections, seconds, pids)
            rows.append(row)
            sizes += moments
            print(".", end="", flush=True)
        print()
        show([tuple(row) for row in rows])
        print()
        show([("resident MiB", *pids), *((moment, *map(str, size.values())) for moment, size in sizes)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--directory", type=Path, default=None)
    main(parser.parse_args())
