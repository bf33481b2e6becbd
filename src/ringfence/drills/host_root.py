"""D12: root on the host for some minutes. The ceiling of what a server can withhold, and the floor under it.

The attacker reads the memory of the dispatcher, the API and the key service again and again, and asks the key service
at the dispatcher's socket for the key of every row, as whoever sits in the dispatcher's place may. Texts go through all
the while. What counts is each tenant that does not call meanwhile, of whom anything came. What came of the others is
conceded, and told as a curve: it is never 0, and a run in which it is proves nothing and fails. So that what is under
way lies in memory when it is read, the network answers nothing until it has been; and once all is delivered, memory is
read again, for what is left there afterwards.
"""

import asyncio
import os
import re
import signal
import sqlite3
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from io import FileIO
from itertools import groupby
from pathlib import Path

import msgspec

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.content import FIELD
from ringfence.domain.sealing.record import open_field
from ringfence.drills.canary import Canaries
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.installation import ROLES, installation
from ringfence.drills.plain_http import ask
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import Tenant, seeded_copy
from ringfence.ipc.client import Client
from ringfence.kms.client import DispatcherKeyClient
from ringfence.ports.keys import KeyRefusedError
from ringfence.roles.clock_file import write_offset_ms
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.supervisor import Supervisor

DRILL = "D12"
TITLE = "root on the host for some minutes"
QUIET_HOURS = 26
# Ends of the curve, in minutes; they are played in seconds.
CURVE = (1, 5, 15)
# One tenant in so many calls in each minute, besides those that are counted.
CALLERS_SHARE = 100
# From so many tenants on a minute takes longer, and memory is read in each, not at the ends alone.
LARGE = 50
MINUTE_S, SHORT_MINUTE_S = 1.0, 0.1
PAGE_BYTES = 4_096
DELIVERED_WITHIN_S = 60
# Until a text is in the dispatcher's hand: it is woken when one comes.
TAKEN_UP_S = 0.3
# How long after its delivery a text may still be found in the dispatcher's memory.
GONE_AFTER_S = 5.0
WATCHED = ("dispatcher", "api", "kms")
_SYS_PTRACE = 1 << 19
_HISTORY = ("body", "body of an answer", "TwiML reply")
_TEXT = "text of minute"
_SECRET = "API secret"  # noqa: S105 - the name of a kind of canary
_MAP = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")


def missing() -> str:
    """Why it cannot be played here; "" where it can."""
    if not sys.platform.startswith("linux"):
        return "it reads memory as Linux shows it to root"
    capabilities = re.search(r"CapEff:\s*([0-9a-f]+)", Path("/proc/self/status").read_text(encoding="ascii"))
    if capabilities is None or not int(capabilities[1], 16) & _SYS_PTRACE:
        return "it takes root: nobody else may read the memory of these processes"
    return ""


class _Seen(msgspec.Struct, kw_only=True):
    """What the attacker has by now: whose canaries, and how long after it was handed in each text was in memory."""

    found: set[tuple[str, str]] = msgspec.field(default_factory=set)
    in_memory: set[tuple[str, str]] = msgspec.field(default_factory=set)
    ages_s: list[float] = msgspec.field(default_factory=list)
    left: int = 0
    asked: int = 0
    refused: int = 0

    def __repr__(self) -> str:
        return f"_Seen({len(self.found)})"


def host_root(design: Design, tenants: int, database: str = "") -> Finding:
    """So many tenants with a history that do not call, and more who do. The store is SQLite."""
    started = time.monotonic()
    a_minute = max(1, tenants // CALLERS_SHARE)
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        intrusion = _Intrusion(Path(folder), design, tenants, a_minute)
        asyncio.run(intrusion.run())
    quiet = {tenant.sid for tenant in intrusion.quiet}
    reached = {sid for sid, kind in intrusion.seen.found if sid in quiet and kind in (*_HISTORY, _SECRET)}
    ages = sorted(intrusion.seen.ages_s)
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(reached),
        seconds=time.monotonic() - started,
        rows=(
            *((f"conceded, within {minutes} minutes", told) for minutes, told in intrusion.curve),
            ("conceded, of the same hour, before", intrusion.before),
            ("secrets of callers in memory, whose history they open", f"{intrusion.secrets()}"),
            (
                "age of texts in the dispatcher's memory, p50 and p99",
                f"{_part(ages, 0.5):.1f}, {_part(ages, 0.99):.1f} s of {len(ages)}",
            ),
            (
                f"texts in the dispatcher's memory {GONE_AFTER_S:.0f} s after the last was delivered",
                f"{intrusion.seen.left} of {intrusion.texts}",
            ),
            ("keys asked for, refused", f"{intrusion.seen.asked}, {intrusion.seen.refused}"),
        ),
    )


def _part(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Intrusion:
    def __init__(self, folder: Path, design: Design, tenants: int, a_minute: int) -> None:
        self._folder = folder
        self._design = design
        self._counts = (tenants, a_minute)
        self._canaries = Canaries(b"")
        self._handed_in: dict[tuple[str, str], float] = {}
        self.quiet: list[Tenant] = []
        self._callers: list[Tenant] = []
        self.seen = _Seen()
        self.curve: list[tuple[int, str]] = []
        self.before = ""

    async def run(self) -> None:
        await self._live_through_yesterday()
        settings = Settings(data_dir=self._folder, clock=f"+{QUIET_HOURS}h")
        make_private(settings.run_dir)
        write_offset_ms(settings.clock_file, QUIET_HOURS * 3_600_000)
        running = installation(self._folder, self._design.command, roles=ROLES, clock=settings.clock)
        async with running as (supervisor, settings):
            # A text of this hour, and nobody has broken in yet.
            early = self._callers[: self._counts[1]]
            await asyncio.gather(*(self._call(settings, tenant, "before") for tenant in early))
            await self._delivered(settings)
            self._handed_in.clear()
            tenants, a_minute = self._counts
            is_large = tenants >= LARGE
            for minute in range(1, max(CURVE) + 1):
                mine = self._callers[a_minute * minute : a_minute * (minute + 1)]
                began = time.monotonic()
                with _silent(supervisor.pids()["simulator"]) if minute in CURVE else nullcontext():
                    await asyncio.gather(*(self._call(settings, tenant, _TEXT) for tenant in mine))
                    if minute in CURVE:
                        await asyncio.sleep(TAKEN_UP_S)
                        await self._look(supervisor, WATCHED)
                    elif is_large:
                        await self._look(supervisor, WATCHED[:1])
                if minute in CURVE:
                    await self._ask_for_all(settings)
                    self._tell(minute)
                minute_s = MINUTE_S if is_large else SHORT_MINUTE_S
                await asyncio.sleep(max(0.0, minute_s - (time.monotonic() - began)))
            await self._delivered(settings)
            await asyncio.sleep(GONE_AFTER_S if is_large else MINUTE_S)
            self.seen.left = len(await self._look(supervisor, WATCHED[:1]) & self._handed_in.keys())
        kept = {sid for sid, kind in self.seen.found if kind == "before"}
        self.before = f"{len(kept)} of {len(early)} tenants"

    @property
    def texts(self) -> int:
        """How many were handed in while root was there."""
        return len(self._handed_in)

    def secrets(self) -> int:
        """How many tenants' secrets were seen."""
        return sum(kind == _SECRET for _, kind in self.seen.found)

    async def _live_through_yesterday(self) -> None:
        tenants, a_minute = self._counts
        async with seeded_copy(self._folder, self._design) as copy:
            self._canaries = copy.canaries
            await copy.add_tenants(tenants + a_minute * (max(CURVE) + 1))
            await copy.run_traffic()
            await copy.let_pass(QUIET_HOURS)
            self.quiet, self._callers = copy.tenants[:tenants], copy.tenants[tenants:]

    async def _call(self, settings: Settings, tenant: Tenant, kind: str) -> None:
        """The tenant sends a text, as its program does: with its secret."""
        mark = self._canaries.mark(tenant.sid, kind)
        form = {"To": tenant.customer, "From": tenant.number, "Body": f"Your word is {mark}"}
        self._handed_in[tenant.sid, kind] = time.monotonic()
        secret = self._canaries.mark(tenant.sid, _SECRET)
        path = f"/2010-04-01/Accounts/{tenant.sid}/Messages.json"
        answer = await ask(settings.port, "POST", path, form=form, basic=(tenant.sid, secret))
        if answer.status != 201:
            raise AssertionError(f"a text was answered by {answer.status}: this drill would prove nothing")

    async def _delivered(self, settings: Settings) -> None:
        """Return once no text is under way."""
        async with asyncio.timeout(DELIVERED_WITHIN_S):
            while not all(final for *_, final in _rows(settings)):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.1)

    async def _look(self, supervisor: Supervisor, roles: Sequence[str]) -> set[tuple[str, str]]:
        """Read the memory of these: what is in that of the last."""
        found: set[tuple[str, str]] = set()
        for role in roles:
            at = time.monotonic()
            found = await asyncio.to_thread(self._found_in_memory, supervisor.pids()[role])
            self.seen.in_memory |= found
            self.seen.found |= found
            if role == "dispatcher":
                self.seen.ages_s += [at - self._handed_in[each] for each in found if each in self._handed_in]
        return found

    def _found_in_memory(self, pid: int) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for piece in memory_of(pid):
            found |= self._canaries.marks_lying_in(piece)
        return found

    async def _ask_for_all(self, settings: Settings) -> None:
        """Ask for the key of each row, as the dispatcher may, and open the row with what comes."""
        client = Client(settings.socket("kms-dispatcher"))
        keys = DispatcherKeyClient(client)
        rows: dict[str, list[tuple[int, str, bytes]]] = {}
        for account, sid, epoch, content, _ in _rows(settings):
            rows.setdefault(account, []).append((epoch, sid, content))
        try:
            for account, own in rows.items():
                self.seen.asked += len(own)
                try:
                    opened = await keys.open_records(account, [(epoch, sid) for epoch, sid, _ in own])
                except KeyRefusedError:
                    opened = [None] * len(own)
                self.seen.refused += opened.count(None)
                for key, (_, sid, content) in zip(opened, own, strict=True):
                    with suppress(UnsealError):
                        text = open_field(key, account, sid, FIELD, content) if key else b""
                        self.seen.found |= self._canaries.found_in(text)
        finally:
            await client.close()

    def _tell(self, minute: int) -> None:
        """A point of the curve. AssertionError where root got nothing: that would be a broken attack."""
        calling = len({sid for sid, kind in self._handed_in if kind == _TEXT})
        reached = len({sid for sid, kind in self.seen.found if kind == _TEXT})
        lying = len({sid for sid, kind in self.seen.in_memory if kind == _TEXT})
        if not reached or not lying:
            raise AssertionError("root saw nothing of what went through: this drill would prove nothing")
        self.curve.append((minute, f"{reached} of {calling} tenants that called, {lying} from memory alone"))


@contextmanager
def _silent(pid: int) -> Iterator[None]:
    """The network holds what it is given and says nothing, for less time than a dispatcher waits for it."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _rows(settings: Settings) -> list[tuple[str, str, int, bytes, int]]:
    with closing(sqlite3.connect(settings.data_dir / "ringfence.db")) as database:
        return database.execute("SELECT account, sid, epoch, content, final FROM message").fetchall()


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process may write to and has in memory, in pieces that end where its memory does."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    regions = ((int(each[1], 16) // PAGE_BYTES, int(each[2], 16) // PAGE_BYTES) for each in _MAP.finditer(maps))
    with (
        Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory,
        Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as pagemap,
    ):
        for start, end in regions:
            for first, count in _present(pagemap, start, end):
                # A page may go between the listing and the reading.
                with suppress(OSError, OverflowError):
                    memory.seek(first * PAGE_BYTES)
                    yield memory.read(count * PAGE_BYTES)


def _present(pagemap: FileIO, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of pages that are there: the first, and how many. Source: Linux, admin-guide/mm/pagemap.rst, bit 63."""
    with suppress(OSError, OverflowError):
        pagemap.seek(start * 8)
        flags = array("Q", pagemap.read((end - start) * 8))
        at = start
        for there, run in groupby(flags, key=lambda flag: flag >> 63):
            count = sum(1 for _ in run)
            if there:
                yield at, count
            at += count


DRILLS = (Drill(name=DRILL, title=TITLE, play=host_root, tenants=1_000, missing=missing),)
