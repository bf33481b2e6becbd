"""One `up` an installation: a lock in its data folder that names who holds it."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private

ORPHAN_WAIT_MS = 5_000
_POLL_S = 0.05


class InstallationLock:
    """Held as long as this process, or any role that inherited `descriptor`, lives: so no orphan is overlooked."""

    def __init__(self, data_dir: Path) -> None:
        self._path = lock_path(data_dir)
        self.descriptor = -1

    def take(self) -> None:
        """Take the lock. RefusalError with the holder's pid when another `up` has it."""
        make_private(self._path.parent)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_for(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self.descriptor = descriptor

    def drop(self) -> None:
        """Give it up. Idempotent."""
        if self.descriptor >= 0:
            os.ftruncate(self.descriptor, 0)
            os.close(self.descriptor)
            self.descriptor = -1

    def _wait_for(self, descriptor: int) -> None:
        deadline = time.monotonic() + ORPHAN_WAIT_MS / 1000
        while not _locked(descriptor):
            pid = _pid_in(descriptor)
            # A holder that is dead left roles behind; they notice its death and go, and this one waits for that.
            if pid is not None and _alive(pid):
                raise RefusalError(
                    f"ringfence is already up on {self._path.parent.parent} (pid {pid})", f"stop it: kill {pid}"
                )
            if time.monotonic() > deadline:
                raise RefusalError(
                    f"a role of an earlier start still holds {self._path}", "find and stop it: fuser " + str(self._path)
                )
            time.sleep(_POLL_S)


def lock_path(data_dir: Path) -> Path:
    return data_dir / "run" / "lock"


def holder(data_dir: Path) -> int | None:
    """Pid of the `up` that holds this installation now, if any."""
    try:
        descriptor = os.open(lock_path(data_dir), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor) else _pid_in(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _pid_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
