"""One `up` an installation, or roles that run alone, each of them once."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ringfence.roles import installation_lock
from ringfence.roles.installation_lock import InstallationLock, LoneRoleLock, holder, lock_path, lone_roles
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


def test_roles_that_run_alone_share_an_installation_but_each_runs_once(tmp_path: Path) -> None:
    kms, api = LoneRoleLock(tmp_path, "kms"), LoneRoleLock(tmp_path, "api")
    kms.take()
    api.take()
    assert lone_roles(tmp_path) == {"api": os.getpid(), "kms": os.getpid()}
    assert holder(tmp_path) is None
    with pytest.raises(
        RefusalError, match=rf"kms runs alone on {tmp_path} \(pid {os.getpid()}\) → stop it first: kill"
    ):
        LoneRoleLock(tmp_path, "kms").take()
    kms.drop()
    kms.drop()
    assert lone_roles(tmp_path) == {"api": os.getpid()}
    LoneRoleLock(tmp_path, "kms").take()


def test_no_role_runs_alone_where_none_was_started(tmp_path: Path) -> None:
    assert lone_roles(tmp_path) == {}


def test_up_and_roles_that_run_alone_keep_out_of_each_others_way(tmp_path: Path) -> None:
    api, up = LoneRoleLock(tmp_path, "api"), InstallationLock(tmp_path)
    api.take()
    with pytest.raises(RefusalError, match=r"api runs alone on .* → stop it first"):
        up.take()
    api.drop()
    up.take()
    with pytest.raises(RefusalError, match="is already up on"):
        api.take()
    assert lone_roles(tmp_path) == {}
    up.drop()
    api.take()


def test_a_dead_ups_pid_is_not_taken_for_the_holder_while_a_role_runs_alone(tmp_path: Path) -> None:
    api = LoneRoleLock(tmp_path, "api")
    api.take()
    lock_path(tmp_path).write_text(f"{os.getpid()}\n")
    assert holder(tmp_path) is None
