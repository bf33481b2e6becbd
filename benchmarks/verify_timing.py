"""Whether the time of a check tells anything: Welch's t over pairs of checks, interleaved, in a key service on disk.

python benchmarks/verify_timing.py [--pairs 100000] [--directory /dev/shm]

Compared are, each with a wrong code for one that is pending: a code that is wrong in its last digit alone; an unknown
verification; one that was approved. Where |t| stays below 4.5, so many tries tell nothing. A folder in memory makes the
sync of the disk, which hides much, as short as it can be.
"""

import argparse
import asyncio
import gc
import math
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.domain.verification_code import CHECKS_MAX, LIFE_MS
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.verification_codes import CodeOf

ACCOUNT, SERVICE = "AC" + "a" * 32, "VA" + "b" * 32
WARM_UP = 500
Try = Callable[[], Awaitable[float]]


class Sample:
    """Mean and variance of what is added, in microseconds (Welford)."""

    def __init__(self) -> None:
        self.count, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        delta = value - self.mean
        self.mean += delta / self.count
        self._squares += delta * (value - self.mean)

    @property
    def variance(self) -> float:
        return self._squares / max(self.count - 1, 1)


def welch_t(one: Sample, other: Sample) -> float:
    """How far apart two means are, in units of what chance does."""
    return (one.mean - other.mean) / math.sqrt(one.variance / one.count + other.variance / other.count)


class Checks:
    """Checks of one key service, each timed."""

    def __init__(self, service: KeyService, clock: SystemClock) -> None:
        self._service = service
        self._clock = clock
        self._pending: CodeOf
        self._code = ""
        self._left = 0
        self._over: CodeOf

    async def open(self) -> None:
        """One that is over, to be checked again and again."""
        self._over = await self._opened()
        (code,) = await self._service.reveal_codes([self._over])
        assert code is not None
        await self._service.check_code(self._over, code)

    async def wrong(self) -> float:
        """Every digit is wrong."""
        await self._renewed()
        return await self._timed(self._pending, "".join(str((int(digit) + 5) % 10) for digit in self._code))

    async def nearly_right(self) -> float:
        """The last digit is wrong."""
        await self._renewed()
        return await self._timed(self._pending, self._code[:-1] + str((int(self._code[-1]) + 5) % 10))

    async def unknown(self) -> float:
        await self._renewed()
        return await self._timed(self._of(), "555555")

    async def approved_before(self) -> float:
        await self._renewed()
        return await self._timed(self._over, "555555")

    async def _timed(self, code: CodeOf, guess: str) -> float:
        began_s = time.perf_counter()
        await self._service.check_code(code, guess)
        return (time.perf_counter() - began_s) * 1e6

    async def _renewed(self) -> None:
        """One that is pending, and a new one before its checks are used up; for each kind of check alike."""
        if not self._left:
            self._pending = await self._opened()
            (code,) = await self._service.reveal_codes([self._pending])
            assert code is not None
            self._code, self._left = code, CHECKS_MAX
        self._left -= 1

    async def _opened(self) -> CodeOf:
        code = self._of()
        await self._service.open_code(code, 6, self._clock.now_ms() + LIFE_MS)
        return code

    def _of(self) -> CodeOf:
        return CodeOf(account=ACCOUNT, sid=new_sid("VE"), service=SERVICE, to="+12025550177")


async def compare(name: str, one: Try, other: Try, pairs: int) -> None:
    samples = Sample(), Sample()
    tries = one, other
    for n in range(WARM_UP + pairs):
        for which in random.sample((0, 1), 2):
            took_us = await tries[which]()
            if n >= WARM_UP:
                samples[which].add(took_us)
    t = welch_t(*samples)
    means = f"{samples[0].mean:.1f} and {samples[1].mean:.1f} µs"
    print(f"wrong / {name}: |t| = {abs(t):.2f}, {means}, {pairs} pairs: {'nothing' if abs(t) < 4.5 else 'TELLS'}")


async def measure(pairs: int, folder: Path) -> None:
    clock = SystemClock()
    log = LedgerWriter(folder)
    await log.open(clock.now_ms())
    service = KeyService(folder, clock, log)
    await service.open()
    checks = Checks(service, clock)
    await checks.open()
    gc.disable()
    try:
        await compare("nearly right", checks.wrong, checks.nearly_right, pairs)
        await compare("unknown", checks.wrong, checks.unknown, pairs)
        await compare("approved before", checks.wrong, checks.approved_before, pairs)
    finally:
        await service.close()
        await log.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--directory", default="/dev/shm", help="where the key service's files lie")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        asyncio.run(measure(options.pairs, Path(folder)))


if __name__ == "__main__":
    main()
