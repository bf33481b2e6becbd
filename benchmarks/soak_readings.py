"""What a soak looks at: memory, descriptors and threads of each process, files, and whether any of them grew."""

import contextlib
import os
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1_024
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# What is no growth: caches fill, pools take their last threads, and now a few more calls are under way than then.
SHARE = 0.05
RSS_KB = 6_144
DESCRIPTORS = 12
THREADS = 3
FILES = 12


@dataclass(frozen=True)
class Reading:
    """One look at a process."""

    rss_kb: int
    descriptors: int
    threads: int
    cpu_s: float


def read_process(pid: int) -> Reading:
    """OSError where the process has gone."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Reading(
        rss_kb=int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KB,
        descriptors=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        threads=int(stat[17]),
        cpu_s=(int(stat[11]) + int(stat[12])) / TICKS_PER_S,
    )


def count_files(folder: Path) -> int:
    """Files below a folder; what goes away meanwhile does not count."""
    count = 0
    with contextlib.suppress(OSError):
        for _, _, names in os.walk(folder):
            count += len(names)
    return count


@dataclass(frozen=True)
class Growth:
    """A figure early on and at the end, each the median of a quarter of the time."""

    name: str
    early: float
    late: float
    allowed: float

    @property
    def grew(self) -> bool:
        return self.late - self.early > self.allowed


def growth(name: str, values: list[float], *, share: float = 0.0, least: float) -> Growth:
    """What became of a figure: its second quarter beside its last one, as the first is for warming up."""
    quarter = max(1, len(values) // 4)
    early = statistics.median(values[quarter : 2 * quarter] or values)
    late = statistics.median(values[-quarter:])
    return Growth(name, early, late, max(least, share * early))


def growths(role: str, readings: list[Reading]) -> Iterable[Growth]:
    """Of everything but the CPU's time, which grows by its nature."""
    allowed = {"rss_kb": (SHARE, RSS_KB), "descriptors": (SHARE, DESCRIPTORS), "threads": (0.0, THREADS)}
    for field in fields(Reading):
        if field.name in allowed:
            share, least = allowed[field.name]
            values = [float(getattr(one, field.name)) for one in readings]
            yield growth(f"{role} {field.name}", values, share=share, least=least)
