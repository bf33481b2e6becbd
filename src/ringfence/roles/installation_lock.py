"""Who runs an installation: one `up`, or roles that run alone, each of them once. Locks in its data folder say so.

`up` holds `run/lock` by itself. A role that runs alone shares it with other such roles, and holds `run/NAME.lock`.
"""

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
        data_dir = self._path.parent.parent
        deadline = time.monotonic() + ORPHAN_WAIT_MS / 1000
        while not _locked(descriptor):
            refuse_beside_lone_roles(data_dir)
            _wait_for_orphans(descriptor, data_dir, deadline)


class LoneRoleLock:
    """Held as long as a role runs alone, without `up`. Each role of an installation runs once."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self._data_dir = data_dir
        self._name = name
        self._held = contextlib.ExitStack()

    def take(self) -> None:
        """Take the lock. RefusalError with a pid when `up` runs, or the same role."""
        folder = lock_path(self._data_dir).parent
        make_private(folder)
        with contextlib.ExitStack() as taken:
            shared = os.open(lock_path(self._data_dir), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            taken.callback(os.close, shared)
            deadline = time.monotonic() + ORPHAN_WAIT_MS / 1000
            while not _locked(shared, fcntl.LOCK_SH):
                _wait_for_orphans(shared, self._data_dir, deadline)
            own = os.open(folder / f"{self._name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            taken.callback(os.close, own)
            if not _locked(own):
                raise _runs_alone(self._name, self._data_dir, _pid_in(own))
            os.ftruncate(own, 0)
            os.pwrite(own, f"{os.getpid()}\n".encode(), 0)
            self._held = taken.pop_all()

    def drop(self) -> None:
        """Give it up. Idempotent."""
        self._held.close()


def lock_path(data_dir: Path) -> Path:
    return data_dir / "run" / "lock"


def holder(data_dir: Path) -> int | None:
    """Pid of the `up` that holds this installation now, if any."""
    try:
        descriptor = os.open(lock_path(data_dir), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor) or _locked(descriptor, fcntl.LOCK_SH) else _pid_in(descriptor)
    finally:
        os.close(descriptor)


def lone_roles(data_dir: Path) -> dict[str, int | None]:
    """The roles that run alone on this installation now, with their pids."""
    found = {}
    for path in sorted(lock_path(data_dir).parent.glob("*.lock")):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if not _locked(descriptor):
                found[path.stem] = _pid_in(descriptor)
        finally:
            os.close(descriptor)
    return found


def is_alone(data_dir: Path, role: str) -> bool:
    """Whether a role, or its standby, runs alone on this installation now."""
    return any(name.partition("-")[0] == role for name in lone_roles(data_dir))


def refuse_beside_lone_roles(data_dir: Path) -> None:
    """RefusalError when a role runs alone."""
    for name, pid in lone_roles(data_dir).items():
        raise _runs_alone(name, data_dir, pid)


def _runs_alone(name: str, data_dir: Path, pid: int | None) -> RefusalError:
    return RefusalError(f"{name} runs alone on {data_dir} (pid {pid})", f"stop it first: kill {pid}")


def _wait_for_orphans(descriptor: int, data_dir: Path, deadline: float) -> None:
    """Wait a little. RefusalError when the holder lives, or its roles do not go in time."""
    pid = _pid_in(descriptor)
    # A holder that is dead left roles behind; they notice its death and go, and this one waits for that.
    if pid is not None and _alive(pid):
        raise RefusalError(f"ringfence is already up on {data_dir} (pid {pid})", f"stop it: kill {pid}")
    if time.monotonic() > deadline:
        path = lock_path(data_dir)
        raise RefusalError(f"a role of an earlier start still holds {path}", f"find and stop it: fuser {path}")
    time.sleep(_POLL_S)


def _locked(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
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
