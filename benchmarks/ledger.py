"""How many entries the ledger takes a second, each on disk before it is answered: `python benchmarks/ledger.py`.

    python benchmarks/ledger.py [--entries 500000] [--at-once 64] [--group 100]

`--at-once` callers each append `--group` entries and wait. Beside it, in the same run: what writing and syncing the
same bytes in groups as large takes without tree, leaf and JSON, and reading the whole ledger and its tree anew.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry


def entries(first: int, count: int) -> list[AccessEntry]:
    return [
        AccessEntry(
            at_ms=1_700_000_000_000 + n,
            account=f"AC{n % 1_000:032x}",
            actor=f"SK{n % 5_000:032x}",
            verb="open_epochs",
            scope=(str(n),),
        )
        for n in range(first, first + count)
    ]


async def append(directory: Path, total: int, at_once: int, group: int) -> float:
    ledger = LedgerWriter(directory)
    await ledger.open(0)
    given = [entries(first, group) for first in range(0, total, group)]
    begun_s = time.perf_counter()

    async def caller(mine: list[list[AccessEntry]]) -> None:
        for one in mine:
            await ledger.append(one)

    await asyncio.gather(*(caller(given[number::at_once]) for number in range(at_once)))
    taken_s = time.perf_counter() - begun_s
    await ledger.close()
    return taken_s


def plain(path: Path, data: bytes, pieces: int) -> float:
    begun_s = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        size = -(-len(data) // pieces)
        for at in range(0, len(data), size):
            file.write(data[at : at + size])
            os.fsync(file.fileno())
    return time.perf_counter() - begun_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=500_000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--group", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        taken_s = asyncio.run(append(directory, asked.entries, asked.at_once, asked.group))
        data = (directory / "ledger" / "entries").read_bytes()
        pieces = max(1, asked.entries // (asked.at_once * asked.group))
        plain_s = plain(directory / "plain", data, pieces)
        begun_s = time.perf_counter()
        sound = LedgerReader(directory).check()
        read_s = time.perf_counter() - begun_s
    each = len(data) / sound.entries
    print(f"appended and synced      {asked.entries / taken_s:10,.0f} entries/s of {each:.0f} bytes")
    print(f"the same bytes alone     {asked.entries / plain_s:10,.0f} entries/s, in {pieces} syncs")
    print(f"read, and the tree anew  {sound.entries / read_s:10,.0f} entries/s, {sound.signed} signed")


if __name__ == "__main__":
    main()
