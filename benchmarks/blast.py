"""How long it takes to say whom a key reached, and whether that is right: `python benchmarks/blast.py`.

    python benchmarks/blast.py [--entries 10000000] [--keys 5000] [--accounts 1000]

A ledger is filled with openings by many keys, one of which reached accounts that this program chose by chance and wrote
down for itself. What the ledger then says of that key is held against it: precision and recall over accounts, objects,
first and last times. Told beside it: the time for it, and that for reading the whole ledger without its index.
"""

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from ringfence.domain.ledger.blast import Reach, reach_of
from ringfence.kms.ledger.lines import Line
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

GROUP = 20_000
STOLEN = "SK77"


async def fill(directory: Path, entries: int, keys: int, accounts: int) -> list[AccessEntry]:
    """What the stolen key did."""
    chance = random.Random(77)
    reachable = chance.sample(range(accounts), max(1, accounts // 20))
    done = []
    ledger = LedgerWriter(directory)
    await ledger.open(0)
    for first in range(0, entries, GROUP):
        group = []
        for n in range(first, min(first + GROUP, entries)):
            stolen = chance.random() < 1 / keys
            account = chance.choice(reachable) if stolen else chance.randrange(accounts)
            actor = STOLEN if stolen else f"SK{chance.randrange(100, 100 + keys)}"
            entry = AccessEntry(
                at_ms=1_700_000_000_000 + n, account=f"AC{account}", actor=actor, verb="open_epochs", scope=(str(n),)
            )
            group.append(entry)
            if stolen:
                done.append(entry)
        await ledger.append(group)
    await ledger.close()
    return done


def told(lines: list[Line]) -> list[Reach]:
    return reach_of((line.entry.at_ms, line.entry.account, line.entry.verb, line.entry.scope) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=5_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun_s = time.perf_counter()
        done = asyncio.run(fill(Path(folder), asked.entries, asked.keys, asked.accounts))
        filled_s = time.perf_counter() - begun_s
        begun_s = time.perf_counter()
        found = told(list(LedgerReader(Path(folder)).lines_of("actor", STOLEN)))
        found_s = time.perf_counter() - begun_s
        begun_s = time.perf_counter()
        every = sum(1 for _ in LedgerReader(Path(folder)).lines())
        read_s = time.perf_counter() - begun_s
    expected = reach_of((one.at_ms, one.account, one.verb, one.scope) for one in done)
    print(f"{every:,} entries, written in {filled_s:.0f} s; {len(done):,} of the stolen key, {len(expected)} accounts")
    right = sum(one in expected for one in found)
    print(f"told in {found_s:.2f} s; precision {right / len(found):.3f}, recall {right / len(expected):.3f}")
    print(f"read as a whole in {read_s:.0f} s: {read_s / found_s:,.0f} times as long")


if __name__ == "__main__":
    main()
