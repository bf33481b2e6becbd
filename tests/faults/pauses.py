"""Processes that stand still past their lease, and go on."""

import contextlib
import datetime
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from faults.scene import Scene
from faults.supervised import Supervised
from ringfence.testing.postgres_server import PostgresServer


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


def pause_in_write(seconds: float) -> Callable[[Scene], None]:
    """SIGSTOP for the dispatcher at a moment when it writes to SQLite, so that nobody else can."""

    def inflict(scene: Scene) -> None:
        turn = (scene.installation.data / "ringfence.db-turn").stat().st_ino
        pid = scene.installation.roles()["dispatcher"]
        deadline = time.monotonic() + 30
        while True:
            os.kill(pid, signal.SIGSTOP)
            if _holds(pid, turn):
                break
            os.kill(pid, signal.SIGCONT)
            assert time.monotonic() < deadline, "the dispatcher was never seen writing"
            time.sleep(0.003)
        scene.strike()
        stopped_at = _utc(0.5)
        try:
            time.sleep(seconds)
        finally:
            scene.stood_still = stopped_at, _utc()
            os.kill(pid, signal.SIGCONT)

    return inflict


def pause_in_transaction(server: PostgresServer, seconds: float) -> Callable[[Scene], None]:
    """SIGSTOP for the dispatcher at a moment when it has begun to write to PostgreSQL and has not ended."""
    begun = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' "
        "AND application_name = 'ringfence' AND xact_start < now() - interval '60 ms'"
    )

    def inflict(scene: Scene) -> None:
        pid = scene.installation.roles()["dispatcher"]
        deadline = time.monotonic() + 30
        while True:
            os.kill(pid, signal.SIGSTOP)
            # What another process has begun has ended by then.
            time.sleep(0.08)
            if server.run("postgres", begun) != "0":
                break
            os.kill(pid, signal.SIGCONT)
            assert time.monotonic() < deadline, "the dispatcher was never seen writing"
            time.sleep(0.01)
        scene.strike()
        stopped_at = _utc(0.5)
        try:
            time.sleep(seconds)
        finally:
            scene.stood_still = stopped_at, _utc()
            os.kill(pid, signal.SIGCONT)

    return inflict


def _holds(pid: int, inode: int) -> bool:
    """True when the process, which was just stopped, has the lock of this file. Source: proc(5), /proc/locks."""
    # It stops at the end of its time slice at the latest.
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.001)
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" not in line]
    return any(words[4] == str(pid) and words[5].rpartition(":")[2] == str(inode) for words in locks)


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
