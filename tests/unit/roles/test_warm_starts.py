"""Roles that are forked: children of the supervisor like any other, with no more in their hands than they need."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from ringfence.roles import warm_starts as warm_starts_module
from ringfence.roles.listeners import bind
from ringfence.roles.process import prepare_clock
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.supervisor import Supervisor
from ringfence.roles.warm_starts import UNKNOWN_EXIT_CODE, ForkedRole, WarmStarts

pytestmark = pytest.mark.skipif(not WarmStarts.possible(), reason="roles are executed on this system")

LIMIT_S = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path / "data")
    for folder in (made.data_dir, made.run_dir):
        make_private(folder)
    prepare_clock(made, again=True)
    return made


@contextlib.asynccontextmanager
async def supervised(settings: Settings, *roles: str, **options: object) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(settings, warm=True, **options)  # type: ignore[arg-type]
    try:
        for role in roles:
            await supervisor.start(role)
        yield supervisor
    finally:
        await supervisor.stop()


def words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def open_files(pid: int) -> set[str]:
    return {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.02)


def fork_server_of(supervisor: Supervisor) -> int:
    assert supervisor.fork_server is not None
    return supervisor.fork_server


def test_a_forked_role_is_the_supervisors_child_and_named_as_any_other(settings: Settings) -> None:
    async def scenario() -> None:
        async with supervised(settings, "kms") as supervisor:
            (pid,) = supervisor.pids().values()
            server = fork_server_of(supervisor)
            assert parent(pid) == os.getpid()
            assert words(pid)[1:] == ["-P", "-m", "ringfence.roles", "kms"]
            assert os.getsid(pid) == pid, "Ctrl-C goes to the supervisor alone"
            assert "Max core file size        0                    0" in Path(f"/proc/{pid}/limits").read_text()
        assert not alive(pid)
        assert not alive(server)

    asyncio.run(scenario())


def test_a_killed_role_is_forked_anew(settings: Settings) -> None:
    async def scenario() -> None:
        async with supervised(settings, "kms") as supervisor:
            first = supervisor.pids()["kms"]
            os.kill(first, signal.SIGKILL)
            await until(lambda: supervisor.pids().get("kms") not in (None, first))
            assert not Path(f"/proc/{first}").exists(), "no zombie is left"

    asyncio.run(scenario())


def test_the_process_that_forks_holds_nothing_of_the_installation(settings: Settings) -> None:
    async def scenario() -> None:
        listeners = bind(["127.0.0.1"], 0)
        lock = os.open(settings.data_dir / "a lock", os.O_CREAT | os.O_RDWR, 0o600)
        serving = msgspec.structs.replace(settings, port=listeners[0].getsockname()[1])
        socket_name = f"socket:[{os.fstat(listeners[0].fileno()).st_ino}]"
        async with supervised(serving, "kms", "api", listeners={"api": listeners}, inherited=[lock]) as supervisor:
            server = fork_server_of(supervisor)
            assert not any(str(settings.data_dir) in path for path in open_files(server))
            assert socket_name not in open_files(server)
            pids = supervisor.pids()
            assert socket_name in open_files(pids["api"])
            assert socket_name not in open_files(pids["kms"])
            for pid in pids.values():
                assert str(settings.data_dir / "a lock") in open_files(pid)
        listeners[0].close()
        os.close(lock)

    asyncio.run(scenario())


def test_when_the_process_that_forks_is_killed_roles_live_on_and_come_back_without_it(settings: Settings) -> None:
    async def scenario() -> None:
        async with supervised(settings, "kms") as supervisor:
            first, server = supervisor.pids()["kms"], fork_server_of(supervisor)
            os.kill(server, signal.SIGKILL)
            await until(lambda: not alive(server))
            assert alive(first)
            os.kill(first, signal.SIGKILL)
            await until(lambda: supervisor.pids().get("kms") not in (None, first))
            await until(lambda: supervisor.fork_server not in (None, server))

    asyncio.run(scenario())


def test_when_the_process_that_forks_stands_still_a_role_is_executed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_starts_module, "ANSWER_LIMIT_MS", 100)

    async def scenario() -> None:
        async with supervised(settings, "kms") as supervisor:
            first, server = supervisor.pids()["kms"], fork_server_of(supervisor)
            os.kill(server, signal.SIGSTOP)
            os.kill(first, signal.SIGKILL)
            await until(lambda: supervisor.pids().get("kms") not in (None, first))
            await until(lambda: not alive(server))

    asyncio.run(scenario())


def test_a_forked_role_that_refuses_its_settings_is_not_asked_again(settings: Settings) -> None:
    async def scenario() -> None:
        production = msgspec.structs.replace(settings, mode="production")
        async with supervised(production) as supervisor:
            with pytest.raises(RefusalError, match="simulator does not start"):
                await supervisor.start("simulator")
        told = (settings.data_dir / "logs" / "simulator.log").read_text()
        assert told.count('"event": "refused"') == 1

    asyncio.run(scenario())


def test_neither_forked_roles_nor_the_process_that_forks_outlive_a_killed_supervisor(settings: Settings) -> None:
    program = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from ringfence.roles.settings import Settings
        from ringfence.roles.supervisor import Supervisor

        async def main():
            supervisor = Supervisor(Settings(data_dir=Path(sys.argv[1])), warm=True)
            for name in ("kms", "simulator"):
                await supervisor.start(name)
            print(*supervisor.pids().values(), supervisor.fork_server, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(settings.data_dir)], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        pids = [int(pid) for pid in started.stdout.readline().split()]
        assert len(pids) == 3
        assert all(map(alive, pids))
        os.kill(pids[0], signal.SIGSTOP)
        started.kill()
        asyncio.run(until(lambda: not any(map(alive, pids))))


def test_the_end_of_a_process_that_is_not_ours_is_noticed_all_the_same() -> None:
    async def scenario() -> int:
        reading, writing = os.pipe()
        # Its parent ends at once, and nobody here adopts it.
        program = (
            f"import os, time\nif os.fork() == 0:\n    os.write({writing}, str(os.getpid()).encode()); time.sleep(60)"
        )
        subprocess.run([sys.executable, "-c", program], pass_fds=[writing], check=True, timeout=LIMIT_S)
        role = ForkedRole(int(os.read(reading, 32)))
        os.close(reading)
        os.close(writing)
        role.kill()
        return await asyncio.wait_for(role.wait(), LIMIT_S)

    assert asyncio.run(scenario()) == UNKNOWN_EXIT_CODE
