"""The faults that end a process."""

import signal
from collections.abc import Callable

from faults.scene import Scene
from faults.supervised import is_alive, until


def kill(role: str) -> Callable[[Scene], None]:
    """SIGKILL for one role; its supervisor starts it again."""

    def inflict(scene: Scene) -> None:
        if role == "simulator":
            scene.handsets.read()
        pid = scene.installation.signal(role, signal.SIGKILL)
        until(lambda: not is_alive(pid), 5, "the killed process is gone")

    return inflict


def kill_supervisor(scene: Scene) -> None:
    """SIGKILL for the supervisor: its roles go with it. Then a new `up` on the same data."""
    scene.handsets.read()
    roles = scene.installation.roles().values()
    scene.installation.stop(signal.SIGKILL)
    until(lambda: not any(map(is_alive, roles)), 5, "no role outlives its supervisor")
    scene.installation.start()
    scene.handsets.make()
