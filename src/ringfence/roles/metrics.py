"""The figures of all roles on the api's one page: each process writes its own to small mapped files, the api adds up.

Source: prometheus-client, "Multiprocess Mode".
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ringfence.roles.run_dir import make_private

# prometheus-client reads it when it is first imported, so a supervisor sets it before a role starts.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def fresh_folder(run_dir: Path) -> Path:
    """An empty folder for this start's figures."""
    folder = run_dir / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    make_private(folder)
    return folder


def forget_process(folder: Path, pid: int) -> None:
    """Drop what only held while a process lived, such as its work under way; its counters stay. Idempotent."""
    for path in folder.glob(f"gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)


def metrics_registry() -> CollectorRegistry:
    """What `/metrics` shows: all roles under a supervisor, this process alone without one."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return _AllRoles(Path(folder)) if folder else REGISTRY


class _AllRoles(CollectorRegistry):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def register(self, collector: Collector) -> None:
        """Nothing to do: a metric of this process is in the folder, as those of all others are."""

    def collect(self) -> Iterator[Metric]:
        yield from MultiProcessCollector(None, str(self._folder)).collect()  # type: ignore[no-untyped-call]
