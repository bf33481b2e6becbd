"""kill -9 under checks: a code that was used stays used, so that a crash lets nobody in twice."""

import signal
import subprocess
import sys
from typing import Any

from ringfence.domain.totp import TotpShape, code_at, step_at
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict

ACCOUNT, SERVICE = "AC" + "a" * 32, "VA" + "b" * 32
FACTORS = 40
SECRET = b"12345678901234567890"
SHAPE = TotpShape()
# Right codes are checked one after the other; each that is answered is told in a line.
CHECKER = """
import asyncio, sys
from pathlib import Path
from ringfence.domain.clock import ManualClock
from ringfence.kms.memory import MemoryLedger
from ringfence.kms.service import KeyService
from ringfence.ports.totp_codes import TotpOf

async def main():
    service = KeyService(Path(sys.argv[1]), ManualClock(int(sys.argv[2])), MemoryLedger())
    await service.open()
    for factor in sys.argv[6].split(","):
        of = TotpOf(account=sys.argv[3], service=sys.argv[4], factor=factor)
        verdict = await service.check_totp(of, factor.replace("YF", "YC"), sys.argv[5])
        print(factor, verdict.value, flush=True)

asyncio.run(main())
"""


def test_a_killed_key_service_makes_no_used_code_good_again(
    run: Any, service_at: Any, at_noon: Any, kms_dir: Any
) -> None:
    factors = [TotpOf(account=ACCOUNT, service=SERVICE, factor=f"YF{n:032x}") for n in range(FACTORS)]
    right = code_at(SECRET, step_at(at_noon.now_ms(), SHAPE), SHAPE)

    async def open_all() -> None:
        async with service_at() as service:
            for factor in factors:
                await service.open_totp(factor, SHAPE, SECRET)

    async def check_again() -> dict[str, Verdict]:
        async with service_at() as service:
            return {
                factor.factor: await service.check_totp(factor, f"YC{n:030x}ff", right)
                for n, factor in enumerate(factors)
            }

    run(open_all())
    told: set[str] = set()
    arguments = (str(kms_dir), str(at_noon.now_ms()), ACCOUNT, SERVICE, right, ",".join(f.factor for f in factors))
    with subprocess.Popen([sys.executable, "-c", CHECKER, *arguments], stdout=subprocess.PIPE, text=True) as checker:
        assert checker.stdout is not None
        for line in checker.stdout:
            if not line.endswith("\n"):
                break  # the kill tore it
            factor, verdict = line.split()
            assert verdict == "approved"
            told.add(factor)
            if len(told) == FACTORS // 4:
                checker.send_signal(signal.SIGKILL)
    assert len(told) >= FACTORS // 4
    again = run(check_again())
    assert {again[factor] for factor in told} == {Verdict.WRONG}
