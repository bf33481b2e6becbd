"""The supervisor: roles come in order, come back when they die, and go when it goes."""

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

import pytest

from ringfence.roles import supervisor as supervisor_module
from ringfence.roles.listeners import bind
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.supervisor import Supervisor

ROLE = Path(__file__).with_name("a_role.py")


def command(name: str) -> list[str]:
    return [sys.executable, str(ROLE), name]


@contextlib.asynccontextmanager
async def supervised(data: Path, *roles: str, **options: object) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(Settings(data_dir=data), command=command, **options)  # type: ignore[arg-type]
    try:
        for role in roles:
            await supervisor.start(role)
        yield supervisor
    finally:
        await supervisor.stop()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(condition: Callable[[], bool], limit_s: float = 5.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.02)


def starts(data: Path) -> list[str]:
    return [line.split()[0] for line in (data / "starts").read_text().splitlines()]


def test_a_role_serves_when_start_returns_so_the_order_is_that_of_the_calls(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervised(tmp_path, "kms", "simulator", "dispatcher") as supervisor:
            assert starts(tmp_path) == ["kms", "simulator", "dispatcher"]
            assert list(supervisor.pids()) == ["kms", "simulator", "dispatcher"]
            pids = supervisor.pids().values()
        assert not any(map(alive, pids))
        assert supervisor.pids() == {}

    asyncio.run(scenario())


def test_a_killed_role_comes_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervised(tmp_path, "kms", "simulator") as supervisor:
            before = supervisor.pids()
            os.kill(before["kms"], signal.SIGKILL)
            await until(lambda: starts(tmp_path).count("kms") == 2)
            await until(lambda: supervisor.pids().get("kms") not in (None, before["kms"]))
            assert supervisor.pids()["simulator"] == before["simulator"]

    asyncio.run(scenario())


def test_a_role_on_demand_starts_with_the_first_connection_which_it_answers(tmp_path: Path) -> None:
    async def ask(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"who?\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return int(answer)

    async def scenario() -> None:
        listeners = bind(["127.0.0.1"], 0)
        port = listeners[0].getsockname()[1]
        async with supervised(tmp_path, "kms", listeners={"console": listeners}) as supervisor:
            supervisor.start_on_demand("console")
            await asyncio.sleep(0.1)
            assert list(supervisor.pids()) == ["kms"]
            first = await ask(port)
            assert supervisor.pids()["console"] == first
            os.kill(first, signal.SIGKILL)
            await until(lambda: not alive(first))
            assert await ask(port) not in (first, supervisor.pids()["kms"])
        async with supervised(tmp_path, "kms", listeners={"console": listeners}) as supervisor:
            supervisor.start_on_demand("console")
        assert starts(tmp_path).count("console") == 2
        listeners[0].close()

    asyncio.run(scenario())


def test_connections_wait_while_the_api_restarts(tmp_path: Path) -> None:
    async def ask(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"who?\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return int(answer)

    async def scenario() -> None:
        listeners = bind(["127.0.0.1"], 0)
        port = listeners[0].getsockname()[1]
        async with supervised(tmp_path, "api", listeners={"api": listeners}) as supervisor:
            first = supervisor.pids()["api"]
            assert await ask(port) == first
            os.kill(first, signal.SIGKILL)
            await until(lambda: not alive(first))
            assert await ask(port) == supervisor.pids()["api"] != first
        listeners[0].close()

    asyncio.run(scenario())


def test_only_the_api_gets_the_public_sockets(tmp_path: Path) -> None:
    async def scenario() -> None:
        listeners = bind(["127.0.0.1"], 0)
        inode = os.fstat(listeners[0].fileno()).st_ino
        async with supervised(tmp_path, "kms", "api", listeners={"api": listeners}) as supervisor:
            for role, expected in (("kms", False), ("api", True)):
                folder = Path(f"/proc/{supervisor.pids()[role]}/fd")
                held = {str(link.readlink()) for link in folder.iterdir()}
                assert (f"socket:[{inode}]" in held) is expected
        listeners[0].close()

    asyncio.run(scenario())


def test_a_role_that_never_comes_up_is_given_up_with_a_cure(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervised(tmp_path) as supervisor:
            with pytest.raises(RefusalError, match=r"broken does not start → .*doctor"):
                await supervisor.start("broken")
        assert starts(tmp_path) == ["broken"] * supervisor_module.FIRST_START_ATTEMPTS

    asyncio.run(scenario())


def test_a_role_that_refuses_its_settings_is_not_asked_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervised(tmp_path) as supervisor:
            with pytest.raises(RefusalError, match="unwilling does not start"):
                await supervisor.start("unwilling")
        assert starts(tmp_path) == ["unwilling"]

    asyncio.run(scenario())


def test_a_role_that_ignores_the_request_to_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "STOP_LIMIT_MS", 200)

    async def scenario() -> None:
        async with supervised(tmp_path, "deaf") as supervisor:
            pid = supervisor.pids()["deaf"]
            began = time.monotonic()
        assert not alive(pid)
        assert 0.2 <= time.monotonic() - began < 2

    asyncio.run(scenario())


def test_stopping_twice_is_a_no_op(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with supervised(tmp_path, "kms") as supervisor:
            await supervisor.stop()

    asyncio.run(scenario())


def test_back_off_doubles_to_a_bound() -> None:
    delays = [supervisor_module._delay_s(failures) for failures in range(60)]
    assert delays[:4] == [0.05, 0.1, 0.2, 0.4]
    assert max(delays) == 5.0


def test_no_role_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from ringfence.roles.settings import Settings
        from ringfence.roles.supervisor import Supervisor

        async def main():
            role, data = sys.argv[1:]
            supervisor = Supervisor(Settings(data_dir=Path(data)), command=lambda name: [sys.executable, role, name])
            for name in ("kms", "deaf"):
                await supervisor.start(name)
            print(*supervisor.pids().values(), flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(ROLE), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        pids = [int(pid) for pid in started.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(alive, pids))
        os.kill(pids[1], signal.SIGSTOP)
        started.kill()
        asyncio.run(until(lambda: not any(map(alive, pids)), 3.0))
