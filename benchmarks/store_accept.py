"""How many durable accepts a second the store takes, what reads cost, and how both fare as rows grow.

python benchmarks/store_accept.py [--writers 32] [--rows 200000] [--accounts 1] [--seconds 3] [--directory DIR]
    [--database postgresql://…]

With --database it is PostgreSQL, in an empty database of your own; else SQLite in a temporary folder.
"""

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

from ringfence.domain.message import Direction, Status
from ringfence.domain.sid import new_sid
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow, NumberRow, Store
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

SENDERS = 50
CONTENT_BYTES = 200


def text(account: str) -> MessageRow:
    """A text as the API writes it: sealed content, a day's blind index (2 bytes of day, 14 of hash)."""
    now_ms = time.time_ns() // 1_000_000
    return MessageRow(
        account=account,
        sid=new_sid("SM", now_ms),
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        local=f"+1202555{int.from_bytes(os.urandom(2)) % SENDERS:04}",
        remote_index=(now_ms // 86_400_000).to_bytes(2) + os.urandom(14),
        remote_region="US",
        epoch=(now_ms // 3_600_000) << 8,
        content=os.urandom(CONTENT_BYTES),
        num_segments=1,
        price_micros=7_900,
        created_ms=now_ms,
        updated_ms=now_ms,
        carrier="simulator",
        has_callback=True,
    )


async def accepts(store: Store, accounts: list[str], writers: int, until_s: float, rows: int) -> list[float]:
    """Latencies in milliseconds of what `writers` wrote until the time or the count was reached."""
    took_ms: list[float] = []

    async def write(n: int) -> None:
        while time.perf_counter() < until_s and len(took_ms) < rows:
            row = text(accounts[n % len(accounts)])
            start_s = time.perf_counter()
            await store.accept(row)
            took_ms.append((time.perf_counter() - start_s) * 1e3)

    await asyncio.gather(*(write(n) for n in range(writers)))
    return took_ms


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def measure(store: Store, accounts: list[str], writers: int, seconds: float, label: str) -> None:
    start_s, start_cpu_s = time.perf_counter(), cpu_s()
    took_ms = await accepts(store, accounts, writers, start_s + seconds, 1 << 40)
    spent_s, spent_cpu_s = time.perf_counter() - start_s, cpu_s() - start_cpu_s
    cuts = statistics.quantiles(took_ms, n=100)
    print(
        f"{label:>24}  {len(took_ms) / spent_s:8,.0f} accepts/s  p50 {cuts[49]:5.2f} ms  p99 {cuts[98]:5.2f} ms  "
        f"cpu {spent_cpu_s / len(took_ms) * 1e6:5.1f} µs each"
    )


async def reads(store: Store, account: str) -> None:
    now_ms = time.time_ns() // 1_000_000
    row = text(account)
    await store.accept(row)
    tenant = AccountRow(sid=account, tenant=account, friendly_name="a", created_ms=now_ms, updated_ms=now_ms)
    token = CredentialRow(
        account=account,
        sid=account,
        kind="auth_token",
        verifier=bytes(32),
        hmac_states=bytes(132),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    number = NumberRow(
        account=account,
        sid=new_sid("PN"),
        number="+12025550123",
        friendly_name="Desk",
        kind="local",
        region="US",
        capabilities=frozenset({"sms"}),
        standing=bytes(300),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    await store.create_account(tenant, token)
    await store.buy_number(number, from_stock=False)
    await store.set_opt_out(account, bytes(16), True, now_ms)
    for name, read in {
        "message": lambda: store.message(account, row.sid),
        "account": lambda: store.account(account),
        "credential": lambda: store.credential(account),
        "number_by_e164": lambda: store.number_by_e164(number.number),
        "opted_out": lambda: store.opted_out(account, bytes(16)),
    }.items():
        best_us = min([await timed_us(read) for _ in range(5)])
        print(f"{name:>24}  {best_us:8.1f} µs of cpu")


async def timed_us(read) -> float:  # type: ignore[no-untyped-def]
    start_s = time.thread_time()
    for _ in range(2_000):
        await read()
    return (time.thread_time() - start_s) / 2_000 * 1e6


async def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        sqlite = Path(directory) / "ringfence.db"
        store: Store = PostgresStore(options.database) if options.database else SqliteStore(sqlite)
        await store.open()
        accounts = [new_sid("AC") for _ in range(options.accounts)]
        try:
            await measure(store, accounts, options.writers, options.seconds, "empty at first")
            await reads(store, accounts[0])
            await accepts(store, accounts, 1_000, time.perf_counter() + 120, options.rows)
            await measure(store, accounts, options.writers, options.seconds, f"after {options.rows:,} more")
        finally:
            await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=32)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--directory", type=Path, default=None)
    parser.add_argument("--database", default="")
    asyncio.run(main(parser.parse_args()))
