"""Roles started without importing anything: forked by a process that has it all in memory. Why: docs/why/supervisor.md.

Where there is no such process (another system than Linux, or it died and is not back yet), a role is executed instead.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

import msgspec
import structlog

from ringfence.roles.fork_server import PACKET_MAX_BYTES, WARM, ForkAnswer, ForkRequest

# How long the first start waits for it: longer than it takes to warm up on a machine with other work.
WARM_LIMIT_MS = 20_000
# Many times what a fork takes on a machine with other work.
ANSWER_LIMIT_MS = 5_000
UNKNOWN_EXIT_CODE = 255
AGAIN_DELAY_MS = 1_000
_PR_SET_CHILD_SUBREAPER = 36


class NotWarmError(OSError):
    """Nothing forks now: execute the role."""


class ForkedRole:
    """A forked role, handled as an `asyncio.subprocess.Process` is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.get_running_loop().create_future()
        self._pidfd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    async def wait(self) -> int:
        """Its exit code once it has ended; negative for a signal."""
        await asyncio.shield(self._ended)
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end. ProcessLookupError when it has."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once. ProcessLookupError when it has ended."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        signal.pidfd_send_signal(self._pidfd, number)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        try:
            _, status = os.waitpid(self.pid, 0)
            self.returncode = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            # Where the system does not let this process adopt it, somebody else heard how it ended.
            self.returncode = UNKNOWN_EXIT_CODE
        self._ended.set_result(None)


class WarmStarts:
    """Keeps the process that forks roles; when it dies, its roles live on and another takes its place.

    `environment` is that of the roles; `more` are modules that these settings need besides.
    """

    def __init__(self, environment: Mapping[str, str], more: Sequence[str] = ()) -> None:
        self._command = [sys.executable, "-P", "-m", "ringfence.roles.fork_server"]
        self._environment = dict(environment)
        self._more = list(more)
        self._control: socket.socket | None = None
        self._decided = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._log = structlog.get_logger().bind()
        self.pid: int | None = None

    @staticmethod
    def possible() -> bool:
        """Whether this system lets an orphan's next parent be chosen, and processes be watched without signals."""
        return sys.platform == "linux" and hasattr(os, "pidfd_open")

    def begin(self) -> None:
        """Start it; it warms up while others work. Idempotent."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="keep fork server")

    async def stop(self) -> None:
        """End it. Idempotent."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def fork(self, role: str, pipes: tuple[int, int], listen: Sequence[int], keep: Sequence[int]) -> ForkedRole:
        """A new process for a role, with its lifeline and readiness `pipes`. NotWarmError when none can be had here."""
        async with self._one_at_a_time:
            # Only the first time: when it died later, a role is executed at once.
            await self._decided.wait()
            if self._control is None:
                raise NotWarmError
            request = msgspec.json.encode(ForkRequest(role, len(listen)))
            _adopt_orphans(True)
            try:
                socket.send_fds(self._control, [request], [*pipes, *listen, *keep])
                answer = await _received(self._control, ANSWER_LIMIT_MS)
            except OSError:
                self._end()
                raise NotWarmError from None
            finally:
                _adopt_orphans(False)
            return ForkedRole(msgspec.json.decode(answer, type=ForkAnswer).pid)

    async def _keep(self) -> None:
        while True:
            try:
                await self._live()
            except OSError as error:
                self._log.warning("fork server cannot be started now", code=error.errno)
            self._decided.set()
            await asyncio.sleep(AGAIN_DELAY_MS / 1000)

    async def _live(self) -> None:
        """One life of the process, from its start to its end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            ours.setblocking(False)
            process = await asyncio.create_subprocess_exec(
                *self._command,
                *("--control", str(theirs.fileno())),
                *(("--with", *self._more) if self._more else ()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sys.stderr.fileno(),
                env=self._environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
            theirs.close()
            self.pid = process.pid
            try:
                if await _received(ours, WARM_LIMIT_MS) == WARM:
                    self._control = ours
                    self._decided.set()
                    await process.wait()
            except OSError as error:  # TimeoutError is one.
                self._log.warning("fork server does not warm up", error=type(error).__name__)
            finally:
                self.pid = self._control = None
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                code = await process.wait()
        self._log.warning("fork server died, starting again", exit_code=code)

    def _end(self) -> None:
        """It does not answer: another takes its place."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._control = None


async def _received(control: socket.socket, limit_ms: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = await asyncio.wait_for(loop.sock_recv(control, PACKET_MAX_BYTES), limit_ms / 1000)
    if not data:
        raise ConnectionResetError
    return data


def _adopt_orphans(wanted: bool) -> None:
    """Whether orphans below this process become its children: for the time of a fork alone, as it reaps no others."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
