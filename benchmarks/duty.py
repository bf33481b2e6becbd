"""What a declared duty costs: `python benchmarks/duty.py [--accounts 270000] [--records 20000]`.

How long every account's ledger takes to be told of a declaration, and of its end, in a key service in this process, on
its disk. Then what the first record of an account's hour takes there, and what sealing a record costs a process that
holds the hour's keys, without a duty and under one that names every field, by turns.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from ringfence.domain.clock import SystemClock
from ringfence.domain.message import Content
from ringfence.domain.retention.declaration import declare
from ringfence.domain.retention.facts import FIELDS, Facts
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.retained import EpochRetention
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Slot
from ringfence.usecases.retention.retain import retained_row

OFFICERS = [OfficerKey(name, bytes([n]) * 32).officer for n, name in enumerate(("ann", "bob", "eve"), start=1)]
FACTS = Facts(
    kind="text", direction="outbound", local="+15550100", remote="+15550199", accepted_at=1_702_123_200, duration_s=0
)
ROUNDS = 7


async def told(directory: Path, accounts: int, hours: int) -> None:
    ledger = LedgerWriter(directory)
    clock = SystemClock()
    await ledger.open(clock.now_ms())
    service = KeyService(directory, clock, ledger)
    await service.open()
    slot = Slot(credential="one", public=slot_public(slot_seed("secret", "one")))
    sids = [f"AC{n:032x}" for n in range(accounts)]
    for first in range(0, accounts, 1_000):
        await asyncio.gather(*(service.create_account(sid, [slot]) for sid in sids[first : first + 1_000]))
    first_ms = await first_records(service, sids[:hours])
    begun_s = time.perf_counter()
    await service.declare_duty(declare(FIELDS, 180, "an act", OFFICERS))
    declared_s = time.perf_counter() - begun_s
    under_ms = await first_records(service, sids[hours : 2 * hours])
    begun_s = time.perf_counter()
    await service.end_duty(erase=False)
    ended_s = time.perf_counter() - begun_s
    await service.close()
    await ledger.close()
    print(f"{accounts:,} accounts told of a declaration  {declared_s:8.2f} s, of its end {ended_s:.2f} s")
    print(f"first records of {hours} accounts' hours   {first_ms:8.3f} ms each, under a duty {under_ms:.3f} ms")


async def first_records(service: KeyService, sids: list[str]) -> float:
    """Milliseconds an account, all asked for at once."""
    begun_s = time.perf_counter()
    await asyncio.gather(*(service.seal_record(sid, "SM" + "1" * 32, "+15550199") for sid in sids))
    return (time.perf_counter() - begun_s) * 1_000 / max(1, len(sids))


def sealed(records: int) -> None:
    account, key = "AC" + "a" * 32, bytes(range(32))
    sealer = RecordSealer(key, account)
    content = Content(remote="+15550199", body="a text of some length " * 5)
    retention = EpochRetention(duty=1, fields=FIELDS, days=180, epoch=256, key=key)
    sids = [f"SM{n:032x}" for n in range(records)]
    plain: list[float] = []
    under: list[float] = []
    for _ in range(ROUNDS):
        begun_s = time.process_time()
        for sid in sids:
            seal_content(sealer, sid, content)
        plain.append((time.process_time() - begun_s) / records)
        begun_s = time.process_time()
        for sid in sids:
            seal_content(sealer, sid, content)
            retained_row(retention.of(sid), account, sid, FACTS)
        under.append((time.process_time() - begun_s) / records)
    without_us, with_us = statistics.median(plain) * 1e6, statistics.median(under) * 1e6
    print(f"a record sealed                     {without_us:8.1f} µs of CPU, under a duty {with_us:.1f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=270_000)
    parser.add_argument("--hours", type=int, default=1_000)
    parser.add_argument("--records", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(told(Path(folder), asked.accounts, min(asked.hours, asked.accounts // 2)))
    sealed(asked.records)


if __name__ == "__main__":
    main()
