"""D14: read without leaving a record, by breaking whoever writes it. Where nothing can be recorded, nothing must open.

The attacker has every tenant's secret and the machine's processes and disk. A tenant is reached where he read its text
more often than the record says.
"""

import asyncio
import contextlib
import itertools
import os
import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.key_process import apart, gone
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant
from ringfence.roles.settings import Settings
from ringfence.roles.supervisor import Supervisor

DRILL = "D14"
TITLE = "texts read while their record cannot be written"
AT_ONCE = 32
# How long after the readers the killer strikes, one batch after the other.
RACES_S = (0.0, 0.004, 0.02, 0.1)
PAUSE_S = 0.05
MENDED_WITHIN_S = 60
# What a tenant's reading is called in the record.
READING = "open_epochs"
GAP = "log.gap"


def unlogged_reading(design: Design, tenants: int, database: str = "") -> Finding:
    """Each way with a quarter of the tenants. The key service and who writes its record are real processes.

    `database` is not used: what is attacked keeps its own files on either.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        attack = asyncio.run(_attack(Path(folder), design, tenants))
        recorded: Counter[str] = Counter()
        gaps = 0
        for entry in design.record(Path(folder) / "kms").entries():
            recorded[entry.actor] += entry.verb == READING
            gaps += int(entry.scope[0]) if entry.verb == GAP else 0
    unlogged = {sid for sid in attack.victims if attack.reads[sid] > recorded[sid]}
    reads = sum(attack.reads[sid] for sid in attack.victims)
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(unlogged),
        seconds=time.monotonic() - started,
        proves=attack.delivered == tenants + 1,
        rows=(
            ("tried and refused", f"{attack.refused}"),
            ("read, and recorded", f"{reads}, {sum(min(attack.reads[sid], recorded[sid]) for sid in attack.victims)}"),
            ("texts delivered while nothing could be recorded", f"{attack.delivered} of {tenants + 1}"),
            ("openings for delivery that the record counts as missing", f"{gaps}"),
            ("who watches the record from outside, back after all but the last way", attack.said or "all as it was"),
        ),
    )


async def _attack(folder: Path, design: Design, tenants: int) -> "_Attack":
    async with apart(folder, design) as (copy, supervisor, settings):
        await copy.add_tenants(tenants + 1)
        for some in _batches(copy.tenants):
            await asyncio.gather(*(copy.send(tenant, "body") for tenant in some))
        attack = _Attack(design, copy, supervisor, settings)
        await attack.run()
    return attack


def _batches(tenants: Sequence[Tenant]) -> Iterator[Sequence[Tenant]]:
    for start in range(0, len(tenants), AT_ONCE):
        yield tenants[start : start + AT_ONCE]


class _Attack:
    """The attacker, what he read, and what became of the texts that waited.

    The last tenant is none of the victims: by its reading he sees that the record is written again.
    """

    def __init__(self, design: Design, copy: SeededCopy, supervisor: Supervisor, settings: Settings):
        self.victims = [tenant.sid for tenant in copy.tenants[:-1]]
        self.reads: Counter[str] = Counter()
        self.refused = 0
        self.delivered = 0
        self.said = ""
        self._writer = design.log_writer
        self._copy = copy
        self._supervisor = supervisor
        self._record = design.record(settings.kms_dir)
        self._file = settings.kms_dir / design.record_file

    async def run(self) -> None:
        """Each way with its share of the victims."""
        ways = (self._killed, self._stopped, self._no_room, self._swapped)
        await self._mended()
        self.said = self._record.look()
        for n, way in enumerate(ways):
            await way(self._copy.tenants[:-1][n :: len(ways)])
            if way != self._swapped:
                await self._mended()
                self.said = self.said or self._record.look()

    async def _killed(self, tenants: Sequence[Tenant]) -> None:
        """The writer is killed while he reads, and he reads again before it is back."""
        for some, race_s in zip(_batches(tenants), itertools.cycle(RACES_S), strict=False):
            await self._mended()
            reading = asyncio.create_task(self._read(some))
            await asyncio.sleep(race_s)
            await self._kill()
            await self._read(some)
            await reading

    async def _stopped(self, tenants: Sequence[Tenant]) -> None:
        """The writer is held still, and what it had still to write ends with it."""
        os.kill(self._pid(), signal.SIGSTOP)
        await self._read(tenants)
        await self._kill()

    async def _no_room(self, tenants: Sequence[Tenant]) -> None:
        """The writer may write not one byte more to any file. Texts that were accepted before are to go out."""
        writer = self._pid()
        _, most = resource.prlimit(writer, resource.RLIMIT_FSIZE)
        resource.prlimit(writer, resource.RLIMIT_FSIZE, (0, most))
        for some in _batches(tenants):
            await self._read(some)
        self.delivered = await self._copy.deliver_all()
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(writer, resource.RLIMIT_FSIZE, (most, most))

    async def _swapped(self, tenants: Sequence[Tenant]) -> None:
        """A copy of the record takes its place: what the writer holds open is a file that nobody will find."""
        copied = self._file.with_name("copied")
        copied.write_bytes(self._file.read_bytes())
        copied.replace(self._file)
        for some in _batches(tenants):
            await self._read(some)

    async def _read(self, tenants: Sequence[Tenant]) -> None:
        await asyncio.gather(*map(self._read_one, tenants))

    async def _read_one(self, tenant: Tenant) -> None:
        try:
            texts = await self._copy.read(tenant)
        except ConnectionError:
            self.refused += 1
            return
        if self._copy.canaries.found_in(" ".join(texts).encode()):
            self.reads[tenant.sid] += 1

    async def _kill(self) -> None:
        pid = self._pid()
        os.kill(pid, signal.SIGKILL)
        await gone(pid)

    async def _mended(self) -> None:
        """Return once the supervisor has brought the writer back: somebody's reading makes the record grow."""
        async with asyncio.timeout(MENDED_WITHIN_S):
            size = self._size()
            while self._size() == size:
                with contextlib.suppress(ConnectionError):
                    await self._copy.read(self._copy.tenants[-1])
                await asyncio.sleep(PAUSE_S)

    def _size(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def _pid(self) -> int:
        return self._supervisor.pids()[self._writer]


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=unlogged_reading,
        tenants=1_000,
    ),
)
