"""Processes that stand still past their lease, and go on."""

import contextlib
import datetime
import os
import signal
import time
from collections.abc import Callable, Iterator

from faults.scene import Scene
from faults.supervised import Supervised


def pause(role: str, seconds: float) -> Callable[[Scene], None]:
    """SIGSTOP, and SIGCONT after a while."""

    def inflict(scene: Scene) -> None:
        pid = scene.installation.signal(role, signal.SIGSTOP)
        # What was on its way to a handset by now is there by then.
        stopped_at = _utc(0.5)
        try:
            time.sleep(seconds)
        finally:
            scene.stood_still = stopped_at, _utc()
            os.kill(pid, signal.SIGCONT)

    return inflict


@contextlib.contextmanager
def second_group(scene: Scene) -> Iterator[Supervised]:
    """Another api and dispatcher on the same database, as on another machine."""
    settings = scene.settings | {"keys_from": str(scene.installation.run_dir)}
    other = Supervised(scene.home / "second", **settings)
    try:
        other.start()
        yield other
    finally:
        other.stop()


def _utc(later_s: float = 0.0) -> str:
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=later_s)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00")
