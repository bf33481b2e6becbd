"""Does an accept cost the same beside ten thousand rows as beside ten million? The curve, on SQLite.

python benchmarks/rows_curve.py [--rows 10000 100000 1000000] [--seconds 1] [--rounds 5] [--directory DIR]

One database a size, filled by SQL with delivered texts of the last 30 days. Then each in turn takes accepts for a
while, several rounds, so that what else the machine does meets all of them; the median is told, and its ratio to that
of the smallest. Ten million rows (--rows 10000 10000000) need some 10 GB while they are filled, and minutes.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from store_accept import accepts, cpu_s

from ringfence.domain.sid import new_sid
from ringfence.store.sqlite import SqliteStore
from ringfence.store.sqlite_session import connect_writer

DAY_MS = 86_400_000
DAYS = 30
WRITERS = 32
CHUNK_ROWS = 100_000
CONTENT_BYTES = 120

FILL = """
INSERT INTO message (account, sid, direction, status, local, remote_index, remote_region, epoch, content, num_segments,
  num_media, price_micros, price_unit, created_ms, updated_ms, sent_ms, due_ms, sequence, carrier, carrier_ref,
  has_callback, body_redacted, place_ms, final)
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end),
  at(i, ms) AS (SELECT i, :began_ms + i * :step_us / 1000 FROM n)
SELECT :account, 'SM' || printf('%012x', ms) || lower(hex(randomblob(10))), 'outbound-api', 'delivered',
  '+1202555' || printf('%04d', i % 50), index_at(ms), 'US',
  ms / 3600000 * 256, randomblob(:content), 1, 0, 7900, 'USD', ms, ms + 900, ms + 300, ms, 2, 'simulator',
  lower(hex(randomblob(8))), 0, 0, NULL, 1
FROM at
"""


def _index_at(ms: int) -> bytes:
    """Two bytes of the day, then what nobody can guess: as a blind index."""
    return (ms // DAY_MS).to_bytes(2) + os.urandom(14)


async def filled(path: Path, account: str, rows: int) -> SqliteStore:
    """An open store that holds so many delivered texts."""
    store = SqliteStore(path)
    await store.open()
    connection = connect_writer(path)
    connection.create_function("index_at", 1, _index_at)
    for setting in ("synchronous = OFF", "secure_delete = OFF", "temp_store = FILE", "cache_size = -262144"):
        connection.execute(f"PRAGMA {setting}")
    # Built at the end they are sorted once; row by row, random keys would touch a page each.
    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'message' AND type = 'index'")
    explicit = [(name, sql) for name, sql in indexes.fetchall() if sql is not None]
    for name, _ in explicit:
        connection.execute(f"DROP INDEX {name}")
    began_ms = time.time_ns() // 1_000_000 - DAYS * DAY_MS
    for first in range(0, rows, CHUNK_ROWS):
        connection.execute(
            FILL,
            {
                "account": account,
                "first": first,
                "end": min(first + CHUNK_ROWS, rows),
                "began_ms": began_ms,
                "step_us": DAYS * DAY_MS * 1000 // rows,
                "content": CONTENT_BYTES,
            },
        )
    for _, sql in explicit:
        connection.execute(sql)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return store


async def main(options: argparse.Namespace) -> None:
    account = new_sid("AC")
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        stores: dict[int, SqliteStore] = {}
        for rows in sorted(options.rows):
            began_s = time.perf_counter()
            stores[rows] = await filled(Path(directory) / f"{rows}.db", account, rows)
            size = (Path(directory) / f"{rows}.db").stat().st_size
            print(f"{rows:>12,} rows: {size >> 20:,} MiB, filled in {time.perf_counter() - began_s:.0f} s", flush=True)
        costs_us: dict[int, list[float]] = {rows: [] for rows in stores}
        waits_ms: dict[int, list[float]] = {rows: [] for rows in stores}
        for _ in range(options.rounds):
            for rows, store in stores.items():
                before_s = cpu_s()
                took_ms = await accepts(store, [account], WRITERS, time.perf_counter() + options.seconds, 1 << 40)
                costs_us[rows].append((cpu_s() - before_s) / len(took_ms) * 1e6)
                waits_ms[rows] += took_ms
        first_us = statistics.median(costs_us[min(stores)])
        for rows, store in stores.items():
            median_us = statistics.median(costs_us[rows])
            p50_ms, p99_ms = (statistics.quantiles(waits_ms[rows], n=100)[at] for at in (49, 98))
            print(
                f"{rows:>12,} rows: CPU {median_us:5.1f} µs an accept, {median_us / first_us:.2f} of the smallest's; "
                f"p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms"
            )
            await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=Path, default=None)
    asyncio.run(main(parser.parse_args()))
