"""`python -m ringfence.roles.fork_server --control FD`: has the roles' modules in memory, and forks a role when asked.

It is started before anything secret is read, has one thread and no event loop, and holds no file of the installation.
A request is one packet on the control socket: a JSON object {"role", "listeners"}, and descriptors: the lifeline, the
readiness pipe, as many listeners, and others that the role merely keeps open. The answer is {"pid"}. The forked role
is the child of whoever reaps orphans next above this process: the supervisor, which makes itself that meanwhile.
"""

import argparse
import ctypes
import gc
import importlib
import os
import signal
import socket
import sys

import msgspec

from ringfence.roles.memory_guard import guard_memory
from ringfence.roles.process import ROLES
from ringfence.roles.process_title import retitle
from ringfence.roles.serve_role import serve_role

WARM = b"W"
DESCRIPTORS_MAX = 64
PACKET_MAX_BYTES = 4096
_PR_SET_PDEATHSIG = 1
# What roles import only as they start: found by comparing the modules of a role that serves with these.
_LATER = (
    "encodings.idna",
    "sqlite3",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.off",
    "uvicorn.loops.auto",
    "multiprocessing.util",
)


class ForkRequest(msgspec.Struct, frozen=True):
    """Which role, and how many of the descriptors behind the two pipes are listeners."""

    role: str
    listeners: int = 0


class ForkAnswer(msgspec.Struct, frozen=True):
    """The role's process."""

    pid: int


class _Job(msgspec.Struct, frozen=True):
    role: str
    lifeline: int
    ready: int
    listen: list[int]


def main() -> None:
    """Serve the control socket until it closes; in a forked process, be the role."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.roles.fork_server")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--with", dest="more", nargs="*", default=())
    arguments = parser.parse_args()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    guard_memory()
    control = socket.socket(fileno=arguments.control)
    warm(arguments.more)
    job = _until_forked(control)
    if job is None:
        return
    retitle([sys.executable, "-P", "-m", "ringfence.roles", job.role])
    serve_role(job.role, lifeline=job.lifeline, ready=job.ready, listen=job.listen)


def warm(more: list[str]) -> None:
    """Import what roles need, and leave it to be shared: no collection writes to these pages later."""
    for name in (*(f"ringfence.roles.{role}" for role in ROLES), *_LATER, *more):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _until_forked(control: socket.socket) -> _Job | None:
    """Fork for each request. Returns in a forked process with its job, and None here once nobody asks any more."""
    try:
        control.send(WARM)
        while True:
            data, descriptors, _, _ = socket.recv_fds(control, PACKET_MAX_BYTES, DESCRIPTORS_MAX)
            if not data:
                return None
            request = msgspec.json.decode(data, type=ForkRequest)
            pid = _fork_away()
            if pid == 0:
                control.close()
                lifeline, ready, *others = descriptors
                return _Job(request.role, lifeline, ready, others[: request.listeners])
            for descriptor in descriptors:
                os.close(descriptor)
            control.send(msgspec.json.encode(ForkAnswer(pid)))
    except (BrokenPipeError, ConnectionResetError):
        return None


def _fork_away() -> int:
    """A process that is no child of this one: 0 in it, its pid here."""
    read, write = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid:
            os.write(write, str(pid).encode())
            os._exit(0)
        os.close(read)
        os.close(write)
        os.setsid()
        return 0
    os.close(write)
    # Its end makes the supervisor the parent of what it forked, before the answer tells of it.
    os.waitpid(between, 0)
    told = os.read(read, 32)
    os.close(read)
    if not told:
        raise OSError("no process could be made")
    return int(told)


if __name__ == "__main__":
    main()
