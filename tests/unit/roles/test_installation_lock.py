"""One `up` an installation."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ringfence.roles import installation_lock
from ringfence.roles.installation_lock import InstallationLock, holder, lock_path
from ringfence.roles.refusal import RefusalError


def test_a_second_up_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    first = InstallationLock(tmp_path)
    first.take()
    assert holder(tmp_path) == os.getpid()
    with pytest.raises(RefusalError, match=rf"already up on {tmp_path} \(pid {os.getpid()}\) → stop it: kill"):
        InstallationLock(tmp_path).take()
    first.drop()
    first.drop()
    assert holder(tmp_path) is None
    InstallationLock(tmp_path).take()


def test_nobody_holds_an_installation_that_was_never_up(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_the_lock_of_a_dead_holder_is_free_once_its_roles_are_gone(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys; from pathlib import Path\n"
        "from ringfence.roles.installation_lock import InstallationLock\n"
        "lock = InstallationLock(Path(sys.argv[1])); lock.take()\n"
        "subprocess.Popen(['sleep', '0.6'], pass_fds=[lock.descriptor], stdout=subprocess.DEVNULL)\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert holder(tmp_path) is not None
    began = time.monotonic()
    lock = InstallationLock(tmp_path)
    lock.take()
    assert 0.2 < time.monotonic() - began < 3
    assert holder(tmp_path) == os.getpid()
    lock.drop()


def test_an_orphan_that_stays_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_lock, "ORPHAN_WAIT_MS", 100)
    path = lock_path(tmp_path)
    path.parent.mkdir()
    with path.open("w") as orphan:
        fcntl.flock(orphan, fcntl.LOCK_EX)
        with pytest.raises(RefusalError, match="a role of an earlier start still holds"):
            InstallationLock(tmp_path).take()


def test_of_many_at_once_exactly_one_gets_it(tmp_path: Path) -> None:
    taken: list[InstallationLock] = []
    refused: list[RefusalError] = []

    def compete() -> None:
        lock = InstallationLock(tmp_path)
        try:
            lock.take()
            taken.append(lock)
        except RefusalError as error:
            refused.append(error)

    threads = [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 7)
