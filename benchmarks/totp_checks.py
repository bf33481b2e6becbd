"""What a check of an app's code costs the key service, and whether its time tells how much of a code is right.

python benchmarks/totp_checks.py [--pairs 20000] [--directory /dev/shm]

Pairs of checks, interleaved: a code that is wrong in every digit, and one that is wrong in its last. Where |t| (Welch)
stays below 4.5, so many tries tell nothing.
"""

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from verify_timing import Sample, welch_t

from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.domain.totp import TotpShape, code_at, step_at
from ringfence.domain.verification_code import CHECKS_MAX
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict

ACCOUNT, SERVICE = "AC" + "a" * 32, "VA" + "b" * 32
WARM_UP = 200
SHAPE = TotpShape()


class Checks:
    """Wrong checks of factors of their own, each timed."""

    def __init__(self, service: KeyService, clock: SystemClock) -> None:
        self._service = service
        self._clock = clock
        self._left = 0
        self._factor: TotpOf
        self._secret = b""
        self._challenge = ""

    async def timed(self, *, nearly_right: bool) -> float:
        """Microseconds of one check."""
        if not self._left:
            self._factor = TotpOf(account=ACCOUNT, service=SERVICE, factor=new_sid("YF"))
            self._secret = await self._service.open_totp(self._factor, SHAPE)
            self._challenge, self._left = new_sid("YC"), CHECKS_MAX
        self._left -= 1
        code = code_at(self._secret, step_at(self._clock.now_ms(), SHAPE), SHAPE)
        wrong = "".join(str((int(digit) + 5) % 10) for digit in code)
        guess = code[:-1] + wrong[-1] if nearly_right else wrong
        began_s = time.perf_counter()
        verdict = await self._service.check_totp(self._factor, self._challenge, guess)
        took_us = (time.perf_counter() - began_s) * 1e6
        assert verdict is not Verdict.SPENT
        return took_us


async def main(pairs: int, directory: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        clock, log = SystemClock(), LedgerWriter(Path(folder))
        await log.open(clock.now_ms())
        service = KeyService(Path(folder), clock, log)
        await service.open()
        checks, samples = Checks(service, clock), {True: Sample(), False: Sample()}
        cpu_s = time.process_time()
        for n in range(WARM_UP + pairs):
            for nearly_right in random.sample((True, False), 2):
                took_us = await checks.timed(nearly_right=nearly_right)
                if n >= WARM_UP:
                    samples[nearly_right].add(took_us)
        cpu_us = (time.process_time() - cpu_s) * 1e6 / (2 * (WARM_UP + pairs))
        await service.close()
        await log.close()
    print(f"a check: {samples[True].mean:.0f} us, {cpu_us:.0f} us of CPU with a fifth of making a factor")
    t = welch_t(samples[False], samples[True])
    print(f"wrong in every digit against wrong in the last, {pairs} pairs: t = {t:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--directory", default=None)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.pairs, arguments.directory))
