"""`make soak`: every fault on both stores, again and again for SOAK_MINUTES, and one table in the end.

What this machine does not allow (a small disk, holding up fsync) is left out, and said.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults import ground_floor
from faults.books import Books
from faults.clocks import DAY_MS, HOUR_MS, jump, webhook_dies
from faults.dead_letters import PASSED_MS, stays_away
from faults.disks import fill_disk, slow_disk, small_disk
from faults.kills import kill, kill_api_without_fork_server, kill_postgres, kill_simulator, kill_supervisor
from faults.pauses import pause, pause_in_transaction, pause_in_write, second_group
from faults.scene import Scene
from faults.table import table
from faults.upgrades import upgrade
from ringfence.testing.postgres_server import PostgresServer, server_programs

SOAK_S = 60 * float(os.environ.get("SOAK_MINUTES") or 10)
PAUSE_S = 4.5
SERVER_DISK_MB = 160
Round = Callable[[], Books]


class Soak:
    """All books so far, and what was left out."""

    def __init__(self) -> None:
        self.books: list[Books] = []
        self.left_out: list[str] = []

    def run(self, rounds: list[Round], share: float) -> None:
        """All rounds once, and again while this share of the time lasts. AssertionError in the end for problems."""
        before = len(self.books)
        ends_s = time.monotonic() + share * SOAK_S
        while True:
            for each in rounds:
                books = each()
                self.books.append(books)
                print(f"{books.store}: {books.fault}: {books.problems() or 'ok'}", flush=True)
            if time.monotonic() > ends_s:
                break
        problems = [(books.store, books.fault, books.problems()) for books in self.books[before:] if books.problems()]
        assert problems == []


@pytest.fixture(scope="module")
def soak() -> Iterator[Soak]:
    all_of_it = Soak()
    yield all_of_it
    print(f"\n{table(all_of_it.books)}\n")
    for cause in all_of_it.left_out:
        print(f"Left out: {cause}")


def kills(scene: Scene) -> list[Round]:
    return [
        *(lambda role=role: scene.round(f"kill -9 {role}", kill(role)) for role in ("dispatcher", "api", "kms")),
        lambda: scene.round("kill -9 fork server, then api", kill_api_without_fork_server),
        lambda: scene.round("kill -9 simulator", kill_simulator, outside_dies=True),
        lambda: scene.round("kill -9 supervisor", kill_supervisor, outside_dies=True),
    ]


def clocks(scene: Scene) -> list[Round]:
    start_ms = 0

    def moved(
        name: str, fault: Callable[[int], Callable[[Scene], None]], by_ms: int, *, replays: bool = False
    ) -> Round:
        def round_() -> Books:
            nonlocal start_ms
            books = scene.round(name, fault(start_ms), after_s=2.0, replays=replays)
            start_ms += by_ms
            return books

        return round_

    return [
        moved("clock a day ahead", lambda ms: jump(ms + DAY_MS), DAY_MS),
        moved("clock an hour back", lambda ms: jump(ms - HOUR_MS), -HOUR_MS),
        moved("webhook host dead for 10 min", webhook_dies, 100 * 60_000),
        moved("webhook host dead for 4 h, events told again", stays_away, PASSED_MS, replays=True),
    ]


def slow(scene: Scene, soak: Soak, pids: Callable[[], list[int]] = list) -> list[Round]:
    def round_() -> Books:
        return scene.round("slow disk: fsync + 200 ms", slow_disk(4.0, 200, pids), before_s=1.0)

    try:
        slow_disk(0.2, 1, pids)(scene)
    except (FileNotFoundError, AssertionError) as cause:
        soak.left_out.append(f"slow disk on {scene.store}: {cause}")
        return []
    return [round_]


def test_sqlite(soak: Soak, tmp_path: Path) -> None:
    with Scene(tmp_path / "home", "SQLite", clock="+0s") as scene:
        soak.run(
            [
                *kills(scene),
                lambda: scene.round("stop a dispatcher 4.5 s", pause("dispatcher", PAUSE_S)),
                lambda: scene.round("stop a dispatcher in a write, 8 s", pause_in_write(8.0)),
                *slow(scene, soak),
                *clocks(scene),
            ],
            0.4,
        )


def test_full_disk(soak: Soak, tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        with small_disk(home / "data", 60), Scene(home, "SQLite") as scene:
            soak.run([lambda: scene.round("full disk for 5 s", fill_disk(5.0))], 0.05)
    except PermissionError as cause:
        soak.left_out.append(str(cause))


def test_full_disk_on_postgresql(soak: Soak, tmp_path: Path) -> None:
    programs = server_programs()
    if programs is None:
        soak.left_out.append("full disk on PostgreSQL: no server is installed")
        return
    # A short path, for the sake of its socket.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "disk"
        # The server runs as another user.
        folder.parent.chmod(0o711)
        try:
            with small_disk(folder, SERVER_DISK_MB):
                server = PostgresServer(programs, folder)
                server.start(min_wal_size="32MB", max_wal_size="48MB")
                try:
                    with Scene(tmp_path / "home", "PostgreSQL", database_url=server.database()) as scene:
                        soak.run([lambda: scene.round("full disk for 5 s", fill_disk(5.0, folder))], 0.05)
                finally:
                    server.stop()
        except PermissionError as cause:
            soak.left_out.append(str(cause))


def test_postgresql(soak: Soak, tmp_path: Path, postgres_server: PostgresServer) -> None:
    def stop_beside_another() -> Books:
        with second_group(scene):
            return scene.round("stop a dispatcher 4.5 s beside another", pause("dispatcher", PAUSE_S))

    with Scene(tmp_path / "home", "PostgreSQL", clock="+0s", database_url=postgres_server.database()) as scene:
        soak.run(
            [
                *kills(scene),
                lambda: scene.round("kill -9 PostgreSQL", kill_postgres(postgres_server)),
                lambda: scene.round("PostgreSQL away for 5 s", kill_postgres(postgres_server, 5.0)),
                stop_beside_another,
                lambda: scene.round("stop a dispatcher in a write, 8 s", pause_in_transaction(postgres_server, 8.0)),
                *slow(scene, soak, postgres_server.pids),
                *clocks(scene),
            ],
            0.4,
        )


def test_upgrade(soak: Soak, tmp_path: Path) -> None:
    scene = Scene(tmp_path / "home", "SQLite")
    try:
        scene.installation.environment["PYTHONPATH"] = str(ground_floor.program(tmp_path / "program"))
    except LookupError as cause:
        soak.left_out.append(f"upgrade: {cause}")
        return
    scene.handsets.takes_repeats = False
    with scene:
        soak.run([lambda: scene.round("upgrade", upgrade, outside_dies=True)], 0)
