"""The program under the proxy: started, signalled, and waited for with all that it leaves behind."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from ringfence.roles.refusal import RefusalError

NOT_FOUND = 127
NOT_EXECUTABLE = 126
LOOK_AGAIN_S = 0.1
_PR_SET_CHILD_SUBREAPER = 36
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


async def run_command(command: Sequence[str], environment: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run it to its end, and give its exit code: 128 and the signal's number for one that a signal ended.

    RefusalError, with the shell's exit codes, for a command that is not found or cannot be executed. Where it leaves
    processes behind (Linux), the end is that of the last of them.
    """
    adopt_orphans()
    with Signals() as signals:
        try:
            process = await asyncio.create_subprocess_exec(*command, env=environment)
        except FileNotFoundError:
            cure = "write it as in a shell: ringfence run -- python app.py"
            raise RefusalError(f"{command[0]}: no such command", cure, exit_code=NOT_FOUND) from None
        except OSError as error:
            cause = f"{command[0]}: {error.strerror}"
            raise RefusalError(cause, "chmod +x, or name its interpreter", exit_code=NOT_EXECUTABLE) from None
        signals.pass_on_to(process.pid)
        code = await process.wait()
        signals.pass_on_to(None)
        await _survivors(say, signals.told_to_end)
    return code if code >= 0 else 128 - code


class Signals:
    """What is sent to this process while the program runs, passed on to it; what came before it ran, too."""

    def __init__(self) -> None:
        self.told_to_end = asyncio.Event()
        self._pid: int | None = None
        self._early: list[int] = []
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, *_PASSED_ON):
            self._loop.add_signal_handler(number, self._take, number)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, *_PASSED_ON):
            self._loop.remove_signal_handler(number)

    def pass_on_to(self, pid: int | None) -> None:
        """The program runs as `pid` now; with None it has ended, and the number may be another's."""
        self._pid = pid
        early, self._early = self._early, []
        for number in early:
            self._take(number)

    def _take(self, number: int) -> None:
        if number in _ENDING:
            self.told_to_end.set()
        if self._pid is None:
            self._early.append(number)
        # A terminal sends Ctrl-C to the program too: it must not come twice.
        elif number != signal.SIGINT or not sys.stdin.isatty():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)


async def _survivors(say: Callable[[str], None], told_to_end: asyncio.Event) -> None:
    """Wait for what the program left running, since it still needs the proxy; Ctrl-C leaves it alone."""
    told = False
    while not told_to_end.is_set() and _has_children():
        if not told:
            told = True
            say("the command ended, but left processes running; the proxy stays for them → Ctrl-C ends it")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_S):
                await told_to_end.wait()


def _has_children() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def adopt_orphans() -> None:
    """Become the parent of what the program leaves behind (Linux, prctl(2)); elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
