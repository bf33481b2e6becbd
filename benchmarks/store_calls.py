"""How many calls' lives a second the store writes down, and what brakes' look costs before a call is accepted.

python benchmarks/store_calls.py [--calls 2000] [--at-once 64] [--steps 10] [--directory DIR] [--database postgresql://…]

A life is: made, taken by a voice process, ringing, answered, over (with a callback's event for each), and its steps.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from pathlib import Path

from ringfence.domain.call import Direction, Status
from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallChange, CallRow, StepRow
from ringfence.ports.outbox import NewEvent
from ringfence.ports.store import AccountRow, CredentialRow, Store
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore
from ringfence.usecases.voice.brakes import BrakeLimits, Brakes

ACCOUNT = "AC" + "a" * 32
FRIEND = "+12025550177"
MOVES = ((Status.RINGING, "ringing"), (Status.IN_PROGRESS, "answered"), (Status.COMPLETED, "completed"))
CHECKS = 2_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def call() -> CallRow:
    at_ms = now_ms()
    return CallRow(
        account=ACCOUNT,
        sid=new_sid("CA", at_ms),
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        local="+12025550123",
        remote_index=os.urandom(16),
        remote_region="US",
        epoch=1,
        content=os.urandom(300),
        created_ms=at_ms,
        updated_ms=at_ms,
        rate_micros=14_000,
    )


async def live(store: Store, steps: int) -> None:
    row = call()
    await store.create_call(row, [NewEvent(kind="call.initiated", sequence=0, at_ms=now_ms())])
    await store.take_calls("voice", now_ms(), 10_000, 1)
    for status, kind in MOVES:
        change = CallChange(status=status, at_ms=now_ms(), price_micros=14_000)
        await store.move_call(ACCOUNT, row.sid, change, [NewEvent(kind=f"call.{kind}", sequence=0, at_ms=now_ms())])
    await store.add_steps(
        [StepRow(account=ACCOUNT, call_sid=row.sid, at_ms=now_ms(), kind="verb", detail=bytes(200))] * steps
    )


async def measure(store: Store, calls: int, at_once: int, steps: int) -> None:
    await store.open()
    at_ms = now_ms()
    await store.create_account(
        AccountRow(sid=ACCOUNT, tenant=ACCOUNT, friendly_name="", created_ms=at_ms, updated_ms=at_ms),
        CredentialRow(
            account=ACCOUNT, sid=ACCOUNT, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=0, updated_ms=0
        ),
    )
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await live(store, steps)

    start_s, start_cpu_s = time.perf_counter(), cpu_s()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    took_s, took_cpu_s = time.perf_counter() - start_s, cpu_s() - start_cpu_s
    print(f"{calls / took_s:,.0f} lives a second, {took_cpu_s / calls * 1e6:,.0f} µs of CPU each")
    for _ in range(200):
        await store.create_call(call())
    await store.take_calls("voice", now_ms(), 10_000, 200)
    brakes = Brakes(store, SystemClock(), BrakeLimits(spend_micros=1 << 60))
    start_s = time.perf_counter()
    for _ in range(CHECKS):
        await brakes.accept(ACCOUNT, FRIEND)
    print(f"{(time.perf_counter() - start_s) / CHECKS * 1e6:,.0f} µs for the brakes' look, with 200 calls under way")
    await store.close()


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--directory")
    parser.add_argument("--database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as folder:
        store: Store = PostgresStore(given.database) if given.database else SqliteStore(Path(folder) / "ringfence.db")
        asyncio.run(measure(store, given.calls, given.at_once, given.steps))


if __name__ == "__main__":
    main()
