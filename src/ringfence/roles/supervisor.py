"""Keeps the roles of one installation running: one process each, started again when it dies, stopped together."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from ringfence.roles.metrics import FOLDER_VARIABLE, forget_process
from ringfence.roles.process import READY, REFUSED, frame
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings, encode
from ringfence.roles.warm_starts import NotWarmError, WarmStarts
from ringfence.roles.wiped_memory import wiping

START_LIMIT_MS = 30_000
STOP_LIMIT_MS = 4_000
# A role that closed its pipe is about to exit; asking it to would lose its exit code.
EXIT_LIMIT_MS = 1_000
RESTART_DELAY_MS = 50
RESTART_DELAY_MAX_MS = 5_000
STABLE_MS = 10_000
FIRST_START_ATTEMPTS = 3

Command = Callable[[str], list[str]]


class Process(Protocol):
    """A role's process: an `asyncio.subprocess.Process`, or one that was forked."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


def role_command(name: str) -> list[str]:
    """How a role's process is started. -P: modules of the current folder are none of its business."""
    return [sys.executable, "-P", "-m", "ringfence.roles", name]


class Supervisor:
    """Start roles in the order of `start` calls; stop them in the reverse order.

    `inherited` descriptors (the installation's lock) stay open in every role; `metrics` is the folder where they write
    their figures. `listeners` of a role go to its process alone, and outlive it: connections that arrive while it
    restarts wait in them. `secrets` go to the role of that name alone, each time it starts. With `warm` roles are
    forked by a process that has their modules in memory; `command` is for when it cannot.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        listeners: Mapping[str, Sequence[socket.socket]] | None = None,
        inherited: Sequence[int] = (),
        metrics: Path | None = None,
        command: Command = role_command,
        warm: bool = False,
        secrets: Mapping[str, bytes] | None = None,
    ) -> None:
        environment = wiping(os.environ | ({FOLDER_VARIABLE: str(metrics)} if metrics else {}))
        more = ["asyncpg"] if settings.database_url else []
        self._warm = WarmStarts(environment, more) if warm and WarmStarts.possible() else None
        self._shared = _Shared(encode(settings), tuple(inherited), metrics, environment, self._warm)
        self._listeners = dict(listeners or {})
        self._command = command
        self._secrets = dict(secrets or {})
        self._children: dict[str, _Child] = {}
        self._demanded: dict[str, asyncio.Task[None]] = {}

    def warm_up(self) -> None:
        """Begin to import what roles need, where they are to be forked; `start` does it otherwise. Idempotent."""
        if self._warm is not None:
            self._warm.begin()

    async def start(self, role: str) -> None:
        """Start a role and keep it running; returns once it serves. RefusalError when it does not come up at all."""
        self.warm_up()
        listen = [listener.fileno() for listener in self._listeners.get(role, ())]
        child = _Child(role, self._command(role), listen, self._shared, self._secrets.get(role))
        self._children[role] = child
        await child.start()

    def start_on_demand(self, role: str) -> None:
        """Start a role at the first connection to its listeners, and keep it running from then on."""
        self._demanded[role] = asyncio.create_task(self._start_when_asked(role), name=f"demand for {role}")

    async def _start_when_asked(self, role: str) -> None:
        while True:
            await _readable(self._listeners[role])
            try:
                await self.start(role)
                return
            except (RefusalError, OSError) as error:
                # The connection waits meanwhile, until its client tires of it.
                structlog.get_logger().error("role cannot be started now", kind=role, error=type(error).__name__)
                await asyncio.sleep(RESTART_DELAY_MAX_MS / 1000)

    def pids(self) -> dict[str, int]:
        """The processes that run now."""
        return {name: child.pid for name, child in self._children.items() if child.pid is not None}

    @property
    def fork_server(self) -> int | None:
        """The process that forks roles, where there is one now."""
        return self._warm.pid if self._warm is not None else None

    def kill(self) -> None:
        """End all roles at once, for a person who will not wait. `stop` still tidies up."""
        for child in self._children.values():
            child.kill()

    async def stop(self) -> None:
        """Stop all roles, the last one first; one that does not go in time is killed. Idempotent."""
        for demand in self._demanded.values():
            demand.cancel()
        await asyncio.gather(*self._demanded.values(), return_exceptions=True)
        for child in self._children.values():
            await child.let_go()
        for name in reversed(list(self._children)):
            await self._children[name].stop()
            del self._children[name]
        if self._warm is not None:
            await self._warm.stop()


class _Shared(msgspec.Struct, frozen=True):
    settings: bytes
    inherited: tuple[int, ...]
    metrics: Path | None
    environment: Mapping[str, str]
    warm: WarmStarts | None


class _Running(msgspec.Struct):
    process: Process
    lifeline: int
    ready: asyncio.Future[bool]
    since_ms: int

    def lived_ms(self) -> int:
        return _now_ms() - self.since_ms


class _Child:
    def __init__(self, name: str, command: list[str], listen: list[int], shared: _Shared, secret: bytes | None) -> None:
        self._name = name
        self._command = command
        self._listen = listen
        self._shared = shared
        self._secret = secret
        self._running: _Running | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._log = structlog.get_logger().bind()

    @property
    def pid(self) -> int | None:
        return self._running.process.pid if self._running else None

    async def start(self) -> None:
        for attempt in range(FIRST_START_ATTEMPTS):
            running = await self._spawn()
            if await running.ready:
                self._keeper = asyncio.create_task(self._keep(running), name=f"keep {self._name}")
                return
            code = await self._end(running)
            self._log.warning("role did not start", kind=self._name, exit_code=code, attempts=attempt + 1)
            if code == REFUSED:
                break
            await asyncio.sleep(_delay_s(attempt))
        raise RefusalError(f"{self._name} does not start", "its log is above; `ringfence doctor` checks what it needs")

    def kill(self) -> None:
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                self._running.process.kill()

    async def let_go(self) -> None:
        """No longer start it again when it ends."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    async def stop(self) -> None:
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                self._running.process.terminate()
            await self._end(self._running, STOP_LIMIT_MS)

    async def _keep(self, running: _Running) -> None:
        failures = 0
        while True:
            await running.process.wait()
            failures = 0 if running.lived_ms() > STABLE_MS else failures + 1
            code = await self._end(running)
            delay_s = _delay_s(failures)
            self._log.warning(
                "role died, starting again", kind=self._name, exit_code=code, delay_ms=round(delay_s * 1000)
            )
            running = await self._respawn(delay_s)
            if await running.ready:
                self._log.info("role is back", kind=self._name, pid=running.process.pid)
            else:
                with contextlib.suppress(ProcessLookupError):
                    running.process.kill()

    async def _respawn(self, delay_s: float) -> _Running:
        while True:
            await asyncio.sleep(delay_s)
            try:
                return await self._spawn()
            except OSError as error:  # No memory or no process left: that passes.
                self._log.error("role cannot be started now", kind=self._name, code=error.errno)
                delay_s = RESTART_DELAY_MAX_MS / 1000

    async def _spawn(self) -> _Running:
        lifeline_read, lifeline_write = os.pipe()
        ready_read, ready_write = os.pipe()
        try:
            process = await self._started(lifeline_read, ready_write)
        except BaseException:
            for descriptor in (lifeline_write, ready_read):
                os.close(descriptor)
            raise
        finally:
            os.close(lifeline_read)
            os.close(ready_write)
        with contextlib.suppress(BrokenPipeError):
            os.write(lifeline_write, frame(self._shared.settings))
            if self._secret:
                os.write(lifeline_write, frame(self._secret))
        self._running = _Running(process, lifeline_write, _readiness(ready_read), _now_ms())
        return self._running

    async def _started(self, lifeline: int, ready: int) -> Process:
        inherited = self._shared.inherited
        if self._shared.warm is not None:
            with contextlib.suppress(NotWarmError):
                return await self._shared.warm.fork(self._name, (lifeline, ready), self._listen, inherited)
        listen = ["--listen", *map(str, self._listen)] if self._listen else []
        return await asyncio.create_subprocess_exec(
            *self._command,
            *("--lifeline", str(lifeline), "--ready", str(ready)),
            *listen,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            env=self._shared.environment,
            pass_fds=(lifeline, ready, *self._listen, *inherited),
            # Ctrl-C goes to the supervisor alone, which stops the roles in their order.
            start_new_session=True,
        )

    async def _end(self, running: _Running, limit_ms: int = EXIT_LIMIT_MS) -> int | None:
        try:
            await asyncio.wait_for(running.process.wait(), limit_ms / 1000)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                running.process.kill()
            await running.process.wait()
        if self._shared.metrics is not None:
            forget_process(self._shared.metrics, running.process.pid)
        if self._running is running:
            self._running = None
            os.close(running.lifeline)
        return running.process.returncode


async def _readable(listeners: Sequence[socket.socket]) -> None:
    """Return once a connection waits at one of the listeners; it is left there."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for listener in listeners:
        loop.add_reader(listener, asked.set)
    try:
        await asked.wait()
    finally:
        for listener in listeners:
            loop.remove_reader(listener)


def _readiness(descriptor: int) -> asyncio.Future[bool]:
    """True once a child writes READY; False when it closes the pipe, or is too late."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()

    def settle(answer: bool) -> None:
        if not future.done():
            future.set_result(answer)

    late = loop.call_later(START_LIMIT_MS / 1000, settle, False)

    def close(_: asyncio.Future[bool]) -> None:
        late.cancel()
        loop.remove_reader(descriptor)
        os.close(descriptor)

    loop.add_reader(descriptor, lambda: settle(os.read(descriptor, 1) == READY))
    future.add_done_callback(close)
    return future


def _delay_s(failures: int) -> float:
    return min(RESTART_DELAY_MS << min(failures, 16), RESTART_DELAY_MAX_MS) / 1000


def _now_ms() -> int:
    return round(asyncio.get_running_loop().time() * 1000)
