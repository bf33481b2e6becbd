"""kill -9 while tenants are told of a duty: nothing is kept of whom was not told, and the telling goes on by itself."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.kms.key_files import KeyFiles

from .conftest import Credential, MemoryLedger, Opener
from .test_duties import declared

ACCOUNTS = [f"AC{n:032x}" for n in range(12)]
# Each entry that is on disk is told in a line: account and verb.
DECLARER = """
import asyncio, sys
from pathlib import Path
import ringfence.kms.verbs.duty as verbs
from ringfence.domain.clock import ManualClock
from ringfence.domain.retention.declaration import declare
from ringfence.domain.retention.officer import OfficerKey
from ringfence.kms.service import KeyService

verbs.TOLD_AT_ONCE = 1

class Ledger:
    async def append(self, entries):
        for entry in entries:
            print(entry.account or "-", entry.verb, flush=True)

    def append_later(self, entry):
        pass

async def main():
    service = KeyService(Path(sys.argv[1]), ManualClock(int(sys.argv[2])), Ledger())
    await service.open()
    officers = [OfficerKey(name, bytes([n]) * 32).officer for n, name in enumerate(("ann", "bob"), start=1)]
    await service.declare_duty(declare(["remote"], 30, "an act", officers))
    print("declared -", flush=True)
    await service.end_duty(erase=True)
    print("erased -", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 2, 6, 12, 13, 14, 15, 20, 26, 27, 28])
def test_a_killed_key_service_keeps_nothing_of_whom_it_did_not_tell(
    service_at: Opener, at_noon: ManualClock, kms_dir: Path, ledger: MemoryLedger, lines: int
) -> None:
    async def make_accounts() -> None:
        async with service_at() as service:
            for account in ACCOUNTS:
                await service.create_account(account, [Credential(account, account).slot])

    async def after() -> None:
        ledger.entries.clear()
        async with service_at() as service:
            stood = await service.duties()
            key = await service.seal_record(ACCOUNTS[0], "SM1", "+15550199")
            if key.retention is not None:
                assert told.issuperset((account, "duty.declare") for account in ACCOUNTS)
                assert stood[0].ended_ms is None
            await service.tidy()
            said = told | {(entry.account, entry.verb) for entry in ledger.entries}
            (duty,) = await service.duties()
            for account in ACCOUNTS:
                assert (account, "duty.declare") in said
                assert ((account, "duty.erase") in said) == duty.erased
            kept = await service.seal_record(ACCOUNTS[0], "SM2", "+15550199")
            assert (kept.retention is None) == duty.erased
            assert ("duty-1" in KeyFiles(kms_dir / "keys").names()) == (not duty.erased)
            with_new = await service.declare_duty(declared()) if duty.erased else duty.number
            assert with_new == (2 if duty.erased else 1)

    asyncio.run(make_accounts())
    told: set[tuple[str, str]] = set()
    arguments = (str(kms_dir), str(at_noon.now_ms()))
    with subprocess.Popen([sys.executable, "-c", DECLARER, *arguments], stdout=subprocess.PIPE, text=True) as declarer:
        assert declarer.stdout is not None
        for number, line in enumerate(declarer.stdout, start=1):
            if not line.endswith("\n"):
                break  # the kill tore it
            account, verb = line.split()
            told.add((account, verb))
            if number == lines:
                declarer.send_signal(signal.SIGKILL)
    asyncio.run(after())
