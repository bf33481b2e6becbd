"""The units of deploy/systemd/roles run as their users: a text goes through, and none reads what is another's."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.testing.postgres_server import server_programs

SCENE = Path(__file__).parent / "units_as_users.py"
KEYS = "/run/ringfence_keys"
NEEDED = ("unshare", "setpriv", "mount")


def missing() -> str:
    """Why it cannot be played here; "" where it can."""
    if sys.platform != "linux" or os.getuid() != 0:
        return "it takes root on Linux to be other users"
    if server_programs() is None:
        return "no PostgreSQL server here"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if lacking:
        return f"no {lacking[0]} here"
    tried = subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "no namespaces here"


@pytest.mark.long
@pytest.mark.skipif(bool(missing()), reason=missing() or "it is all here")
def test_a_text_goes_through_units_that_read_nothing_of_each_other() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, str(SCENE), str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-4_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["text"] == "delivered"
    # Each has files, which it reads, and nothing of the others: no file, no memory, not even its own process's.
    users = {f"ringfence_{name}" for name in ("keys", "api", "console", "dispatcher", "voice")}
    assert set(found["own files"]) == users
    assert all(found["own files"].values())
    assert found["others' files"] == {user: [] for user in users}
    shared = {user: [path for path in paths if path.startswith(KEYS)] for user, paths in found["sockets"].items()}
    assert shared == {
        "ringfence_keys": [f"{KEYS}/kms-{name}.sock" for name in ("api", "console", "dispatcher")],
        "ringfence_api": [f"{KEYS}/kms-api.sock", f"{KEYS}/simulator.sock"],
        "ringfence_console": [f"{KEYS}/kms-console.sock"],
        "ringfence_dispatcher": [f"{KEYS}/kms-dispatcher.sock", f"{KEYS}/simulator.sock"],
        "ringfence_voice": [f"{KEYS}/kms-dispatcher.sock"],
    }
    assert all(
        path.startswith((KEYS, f"/var/lib/{user}/")) for user, paths in found["sockets"].items() for path in paths
    )
    assert len(found["users"]) == len(users)
    assert "0" not in found["users"]
    assert found["umask"] == ["0077"]
    assert found["capabilities"] == ["0" * 16]
    assert found["no new privileges"] == ["1"]
    assert found["core file size"] == ["0                    0"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_sees_little_to_be_afraid_of_in_them() -> None:
    units = sorted((SCENE.parents[2] / "deploy/systemd/roles").glob("*.service"))
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=40", "--no-pager", *map(str, units)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr
