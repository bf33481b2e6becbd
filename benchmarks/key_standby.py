"""A key service that is killed while a standby waits: `python benchmarks/key_standby.py [--kills 20]`.

Two key services of one folder, the one that serves ended by SIGKILL, and another standby begun behind the one that
takes over. Told is for how long an opening is not answered, and counted are looks at which the ledger was not the
continuation of itself (forks). Entries are made before and after each kill.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ringfence.domain.clock import SystemClock
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.drills.record import WatchedLedger
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient
from ringfence.ports.keys import Caller, Slot
from ringfence.roles.process import frame
from ringfence.roles.settings import Settings, encode

AC = "AC" + "a" * 32
SEED = slot_seed("secret", AC)
CALLER = Caller(account=AC, credential=AC, seed=SEED)


class KeyProcess:
    """A key service in a process of its own; `ready` is readable once it serves."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int, ready: int) -> None:
        self.process, self._lifeline, self._ready = process, lifeline, ready

    @classmethod
    async def begin(cls, settings: Settings) -> "KeyProcess":
        (read, write), (ready, told) = os.pipe(), os.pipe()
        arguments = ("-P", "-m", "ringfence.roles", "kms", "--lifeline", str(read), "--ready", str(told))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, pass_fds=(read, told))
        os.close(read)
        os.close(told)
        os.write(write, frame(encode(settings)))
        return cls(process, write, ready)

    async def serves(self) -> None:
        assert await asyncio.to_thread(os.read, self._ready, 1)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()
        os.close(self._lifeline)
        os.close(self._ready)


async def measure(kills: int, folder: Path) -> None:
    settings = Settings(data_dir=folder)
    active = await KeyProcess.begin(settings)
    await active.serves()
    client = Client(settings.socket("kms-api"))
    await ApiKeyClient(client, SystemClock()).create_account(AC, [Slot(credential=AC, public=slot_public(SEED))])
    epoch = (await ApiKeyClient(client, SystemClock()).sealing_key(CALLER, AC)).epoch
    away_s, forks = [], 0
    watched = WatchedLedger(settings.kms_dir)
    for _ in range(kills):
        standby = await KeyProcess.begin(settings)
        # Long enough to have imported everything and to wait.
        await asyncio.sleep(3)
        await ApiKeyClient(client, SystemClock()).open_epochs(CALLER, AC, [epoch])
        killed_s = time.perf_counter()
        await active.kill()
        while True:
            try:
                await ApiKeyClient(client, SystemClock()).open_epochs(CALLER, AC, [epoch])
                break
            except ConnectionError:
                await asyncio.sleep(0.02)
        away_s.append(time.perf_counter() - killed_s)
        forks += bool(watched.look())
        active = standby
    await client.close()
    await active.kill()
    middle_s, longest_s = statistics.median(away_s), max(away_s)
    print(f"{kills} kills: {forks} forks, openings not answered for {middle_s:.2f} s, {longest_s:.2f} at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory(prefix="rf-") as folder:
        asyncio.run(measure(kills, Path(folder)))


if __name__ == "__main__":
    main()
