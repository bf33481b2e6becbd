"""A ledger whose writer is killed again and again: `python benchmarks/ledger_kills.py [--kills 200]`.

One ledger, one writer process after the other, each ended by SIGKILL while eight callers append. After each, a witness
who remembers what he saw looks. Counted are entries that were answered for and are not there (lost), and looks at which
the ledger was not the continuation of itself (forks). How long a successor needs until it appends is told too.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ringfence.drills.record import WatchedLedger
from ringfence.kms.ledger.reading import LedgerReader, read_ledger

WRITER = """
import asyncio, sys
from pathlib import Path
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

async def main():
    log = LedgerWriter(Path(sys.argv[1]))
    await log.open(at_ms=0)
    async def client(first):
        number = first
        while True:
            await log.append([AccessEntry(at_ms=number, account="AC", actor="AC", verb="open", scope=("x" * 50,))])
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
            number += 8
    await asyncio.gather(*(client(int(sys.argv[2]) + first) for first in range(8)))

asyncio.run(main())
"""
ROOM = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    kills = parser.parse_args().kills
    acknowledged: set[int] = set()
    forks, begun_s = 0, []
    with tempfile.TemporaryDirectory() as folder:
        watched = WatchedLedger(Path(folder))
        for kill in range(kills):
            first = kill * ROOM
            start_s = time.perf_counter()
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, folder, str(first)], stdout=subprocess.PIPE, text=True
            )
            assert writer.stdout is not None
            for answered, line in enumerate(writer.stdout):
                if not answered:
                    begun_s.append(time.perf_counter() - start_s)
                acknowledged.add(int(line))
                if answered == 50 + kill:
                    writer.send_signal(signal.SIGKILL)
                    break
            acknowledged |= {int(line) for line in writer.stdout if line.endswith("\n")}
            writer.wait()
            writer.stdout.close()
            if said := watched.look():
                forks += 1
                print(f"after kill {kill}: {said}")
        watched.write([])
        forks += bool(watched.look())
        there = {entry.at_ms for entry in read_ledger(Path(folder)) if entry.verb == "open"}
        sound = LedgerReader(Path(folder)).check()
    lost = len(acknowledged - there)
    print(
        f"{kills} kills: {len(acknowledged)} entries answered for, {lost} lost, {forks} forks, {sound.entries} entries"
    )
    median_s, longest_s = statistics.median(begun_s), max(begun_s)
    print(f"a successor appends after {median_s:.2f} s, {longest_s:.2f} at most, with Python's start")


if __name__ == "__main__":
    main()
