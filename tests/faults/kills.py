"""The faults that end a process at once."""

import os
import signal
import time
from collections.abc import Callable

from faults.scene import Scene
from faults.supervised import is_alive, until
from ringfence.testing.postgres_server import PostgresServer


def kill(role: str) -> Callable[[Scene], None]:
    """SIGKILL for one role; its supervisor starts it again."""

    def inflict(scene: Scene) -> None:
        pid = scene.installation.signal(role, signal.SIGKILL)
        until(lambda: not is_alive(pid), 5, "the killed process is gone")

    return inflict


def kill_api_without_fork_server(scene: Scene) -> None:
    """SIGKILL for the process that roles are forked from, and then for the api, which is executed instead."""
    server = scene.installation.fork_server()
    os.kill(server, signal.SIGKILL)
    until(lambda: not is_alive(server), 5, "the process that forks is gone")
    kill("api")(scene)


def kill_simulator(scene: Scene) -> None:
    """SIGKILL for the world outside: its handsets and what was on its way to them are gone by nature."""
    scene.handsets.read()
    kill("simulator")(scene)
    until(scene.handsets.are_back, 10, "the simulator is back")
    scene.handsets.make()


def kill_supervisor(scene: Scene) -> None:
    """SIGKILL for the supervisor: its roles go with it. Then a new `up` on the same data."""
    roles = scene.installation.roles().values()
    scene.handsets.read()
    scene.installation.stop(signal.SIGKILL)
    until(lambda: not any(map(is_alive, roles)), 5, "no role outlives its supervisor")
    scene.installation.start()
    scene.handsets.make()


def kill_postgres(server: PostgresServer, away_s: float = 0.0) -> Callable[[Scene], None]:
    """SIGKILL for PostgreSQL's first process; it is started again after `away_s`.

    The books measure from when it answers again: how long it takes to recover is its own affair.
    """

    def inflict(scene: Scene) -> None:
        server.kill()
        time.sleep(away_s)
        server.start()
        scene.strike()

    return inflict
