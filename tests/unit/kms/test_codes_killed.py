"""kill -9 under checks: what was counted stays counted, so that a crash gives nobody a sixth guess."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.verification_code import CHECKS_MAX, LIFE_MS
from ringfence.ports.verification_codes import CodeOf, Verdict

ACCOUNT, SERVICE, TO = "AC" + "a" * 32, "VA" + "b" * 32, "+12025550177"
CODES = 300
# Checks go on until the process is killed; each that is answered is told in a line.
CHECKER = """
import asyncio, sys
from pathlib import Path
from ringfence.domain.clock import ManualClock
from ringfence.kms.memory import MemoryLedger
from ringfence.kms.service import KeyService
from ringfence.ports.verification_codes import CodeOf

async def check(service, code):
    while True:
        verdict = await service.check_code(code, "guess")
        print(code.sid, verdict.value, flush=True)
        if verdict.value != "wrong":
            return

async def main():
    service = KeyService(Path(sys.argv[1]), ManualClock(int(sys.argv[2])), MemoryLedger())
    await service.open()
    await asyncio.gather(*(
        check(service, CodeOf(account=sys.argv[3], sid=sid, service=sys.argv[4], to=sys.argv[5]))
        for sid in sys.argv[6].split(",")
    ))

asyncio.run(main())
"""


@pytest.mark.parametrize("answered_before", [1, 150, 700])
def test_a_killed_key_service_gives_no_check_back(
    run: Any, service_at: Any, at_noon: Any, kms_dir: Path, answered_before: int
) -> None:
    sids = [f"VE{n:032x}" for n in range(CODES)]
    codes = [CodeOf(account=ACCOUNT, sid=sid, service=SERVICE, to=TO) for sid in sids]

    async def open_all() -> None:
        async with service_at() as service:
            for code in codes:
                await service.open_code(code, 6, at_noon.now_ms() + LIFE_MS)

    async def check_all() -> Counter[str]:
        left: Counter[str] = Counter()
        async with service_at() as service:
            for code in codes:
                while await service.check_code(code, "guess") is Verdict.WRONG:
                    left[code.sid] += 1
        return left

    run(open_all())
    told: Counter[str] = Counter()
    arguments = (str(kms_dir), str(at_noon.now_ms()), ACCOUNT, SERVICE, TO, ",".join(sids))
    with subprocess.Popen([sys.executable, "-c", CHECKER, *arguments], stdout=subprocess.PIPE, text=True) as checker:
        assert checker.stdout is not None
        for line in checker.stdout:
            if not line.endswith("\n"):
                break  # the kill tore it
            sid, verdict = line.split()
            told[sid] += verdict == "wrong"
            if told.total() == answered_before:
                checker.send_signal(signal.SIGKILL)
    assert told.total() >= answered_before
    left = run(check_all())
    assert all(told[sid] + left[sid] <= CHECKS_MAX for sid in sids)
    # The kill came in the middle: some had checks left.
    assert left.total() > 0
