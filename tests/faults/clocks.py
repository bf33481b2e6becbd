"""Clocks that jump. The installation must have been started with one that can be moved."""

import time
from collections.abc import Callable

from faults.scene import Scene

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def jump(to_ms: int) -> Callable[[Scene], None]:
    """The clock of all roles jumps so that it is `to_ms` off the machine's."""

    def inflict(scene: Scene) -> None:
        scene.installation.move_clock(to_ms)

    return inflict


def webhook_dies(from_ms: int, minutes: int = 10) -> Callable[[Scene], None]:
    """The program's host is gone; the clock goes on by so many minutes; the host is back, and hours go by."""

    def inflict(scene: Scene) -> None:
        scene.stop_sink()
        now_ms = from_ms
        for _ in range(minutes):
            now_ms += 60_000
            scene.installation.move_clock(now_ms)
            time.sleep(0.4)
        scene.start_sink()
        for _ in range(6):
            now_ms += 15 * 60_000
            scene.installation.move_clock(now_ms)
            time.sleep(0.5)

    return inflict
