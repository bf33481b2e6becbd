"""A million texts wait in the queues of one account: what the dispatcher takes, and what another account's text waits.

python benchmarks/million_queued.py [--texts 1000000] [--numbers 8] [--seconds 15] [--directory DIR]

The texts are sealed and written straight into the embedded store, while the dispatcher stands still; then it goes on.
Told are its memory before and after, when the first text is sent, how many a second follow, and how long a text of an
account that has nothing else takes from its request until it is sent.
"""

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from accept_rate import Target, installation, memory

from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.blind_index import RemoteIndexer
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ipc.client import Client
from ringfence.ports.keys import Caller, SealingKey
from ringfence.ports.store import MessageRow
from ringfence.roles.run_dir import run_dir_of
from ringfence.store.sqlite_messages import _accept
from ringfence.store.sqlite_session import SqliteSession

# An epoch seals 2^16 records.
OF_AN_EPOCH = 60_000
OF_A_TRANSACTION = 5_000
QUIET_NUMBER = "+13125550121"
NUMBERS = [f"+1312555{number:04}" for number in range(130, 230)]


def ask(target: Target, path: str, **form: str) -> dict[str, str]:
    body = urllib.parse.urlencode(form).encode() if form else None
    url = f"http://127.0.0.1:{target.port}/2010-04-01/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, body, target.headers), timeout=20) as answer:
        return dict(json.load(answer))


async def fill(directory: Path, target: Target, numbers: list[str], texts: int) -> str:
    """Queue so many texts; the sid of the first."""
    first_sid = ""
    client = Client(run_dir_of(directory) / "kms-api.sock")
    caller = Caller(account=target.account, credential=target.account, seed=slot_seed(target.token, target.account))
    session = SqliteSession(directory / "ringfence.db")
    session._connection.execute("PRAGMA synchronous = OFF")
    for start in range(0, texts, OF_AN_EPOCH):
        key = await client.call("sealing_key", caller, target.account, OF_AN_EPOCH if start else 0, returns=SealingKey)
        sealer, indexer = RecordSealer(key.epoch_key, target.account), RemoteIndexer(key.index_key, key.index_day)
        rows = []
        for n in range(start, min(start + OF_AN_EPOCH, texts)):
            now_ms = time.time_ns() // 1_000_000
            sid, to = new_sid("SM", now_ms), f"+1303{2_000_000 + n:07}"
            row = MessageRow(
                account=target.account,
                sid=sid,
                direction=Direction.OUTBOUND_API,
                status=Status.QUEUED,
                local=numbers[n % len(numbers)],
                remote_index=indexer.index(to),
                remote_region="US",
                epoch=key.epoch,
                content=seal_content(sealer, sid, Content(remote=to, body=f"Your appointment is tomorrow: {n}")),
                num_segments=1,
                num_media=0,
                created_ms=now_ms,
                updated_ms=now_ms,
                due_ms=now_ms,
                carrier="simulator",
            )
            rows.append((row, ()))
            first_sid = first_sid or sid
        for first in range(0, len(rows), OF_A_TRANSACTION):
            session.begin()
            _accept(session.tx, rows[first : first + OF_A_TRANSACTION])
            session.commit()
    session.close()
    await client.close()
    return first_sid


def one(database: Path, question: str, *values: str) -> int:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
        return int(reader.execute(question, values).fetchone()[0])


def waiting(database: Path, target: Target, numbers: list[str]) -> int:
    """By the index of what waits: counting what does not would read a million rows."""
    question = "SELECT count(*) FROM message WHERE account = ? AND local = ? AND carrier = 'simulator' AND place_ms > 0"
    return sum(one(database, question, target.account, number) for number in numbers)


def quiet_text_s(quiet: Target) -> float:
    """From the request of a text until it is sent."""
    began_s = time.perf_counter()
    path = f"Accounts/{quiet.account}/Messages"
    sid = ask(quiet, f"{path}.json", To="+12025550177", From=QUIET_NUMBER, Body="Hello")["sid"]
    while ask(quiet, f"{path}/{sid}.json")["status"] == "queued":
        time.sleep(0.01)
    return time.perf_counter() - began_s


def main(options: argparse.Namespace) -> None:
    os.environ["RINGFENCE_LOG_LEVEL"] = "error"
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start")
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as name,
        installation(Path(name)) as (target, pids, database, _),
    ):
        made = ask(target, "Accounts.json", FriendlyName="Quiet")
        quiet = Target(target.port, made["sid"], made["auth_token"])
        ask(quiet, f"Accounts/{quiet.account}/IncomingPhoneNumbers.json", PhoneNumber=QUIET_NUMBER)
        numbers = NUMBERS[: options.numbers]
        for number in numbers:
            ask(target, f"Accounts/{target.account}/IncomingPhoneNumbers.json", PhoneNumber=number)
        before_s = statistics.median(quiet_text_s(quiet) for _ in range(5))
        time.sleep(0.5)
        print(
            f"before: resident MiB: {memory(pids)}; a quiet account's text is sent after {before_s:.2f} s", flush=True
        )
        os.kill(pids["dispatcher"], signal.SIGSTOP)
        began_s = time.perf_counter()
        first = asyncio.run(fill(Path(name), target, numbers, options.texts))
        print(f"{options.texts:,} texts wait after {time.perf_counter() - began_s:.0f} s", flush=True)
        os.kill(pids["dispatcher"], signal.SIGCONT)
        began_s = time.perf_counter()
        is_sent = "SELECT sent_ms IS NOT NULL FROM message WHERE account = ? AND sid = ?"
        while not one(database, is_sent, target.account, first):
            time.sleep(0.01)
        print(f"the first is sent after {time.perf_counter() - began_s:.2f} s", flush=True)
        waits_s, before, since_s = [], waiting(database, target, numbers), time.perf_counter()
        while time.perf_counter() < since_s + options.seconds:
            waits_s.append(quiet_text_s(quiet))
            time.sleep(0.1)
        rate = (before - waiting(database, target, numbers)) / (time.perf_counter() - since_s)
        told = f"{statistics.median(waits_s):.2f} s, at worst {max(waits_s):.2f} s ({len(waits_s)} texts)"
        print(f"{rate:,.0f} texts/s follow; meanwhile the quiet account's is sent after {told}")
        print(f"after: resident MiB: {memory(pids)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--numbers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--directory", type=Path, default=None)
    main(parser.parse_args())
