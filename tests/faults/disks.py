"""Disks that are full, and disks that are slow."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from faults.scene import Scene

SPARE_BYTES = 64 << 10


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own at `folder`. PermissionError where this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=0700"
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode:
        raise PermissionError("a full disk takes the right to mount a small one")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill_disk(seconds: float, folder: Path | None = None) -> Callable[[Scene], None]:
    """Leave no room on the data's file system (or on that of `folder`), for a while."""

    def inflict(scene: Scene) -> None:
        filler = (folder or scene.installation.data) / "filler"
        try:
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                # What a checkpoint frees is taken too.
                with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(4096))
                time.sleep(0.05)
        finally:
            filler.unlink()

    return inflict


def slow_disk(seconds: float, delay_ms: int, more_pids: Callable[[], Sequence[int]] = tuple) -> Callable[[Scene], None]:
    """Every fsync of the roles (and of `more_pids`) takes `delay_ms` longer, for a while: strace holds it up."""

    def inflict(scene: Scene) -> None:
        strace = shutil.which("strace")
        if strace is None:
            raise FileNotFoundError("a slow disk takes strace: apt-get install strace")
        pids = [*scene.installation.roles().values(), *more_pids()]
        calls = "fsync,fdatasync"
        command = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"]
        command += ["-e", f"inject={calls}:delay_enter={delay_ms}ms"]
        for pid in pids:
            command += ["-p", str(pid)]
        with subprocess.Popen(command) as tracer:
            time.sleep(seconds)
            assert tracer.poll() is None, "strace may not watch the roles here"
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)

    return inflict
