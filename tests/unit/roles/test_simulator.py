"""The simulator's process: what it serves, where, and when it refuses."""

import asyncio
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ringfence.carriers.simulator.link import SimulatorCarrier
from ringfence.ports.carrier import Submit
from ringfence.roles import simulator
from ringfence.roles.process import RoleProcess
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings

Runner = Callable[[Coroutine[Any, Any, Any]], Any]


class Process(RoleProcess):
    """A role's process that says when it is ready."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("simulator", settings)
        self.is_ready = asyncio.Event()

    def ready(self) -> None:
        self.is_ready.set()


async def get(path: Path, target: str, host: str = "localhost") -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


def test_it_serves_link_interface_and_page_on_private_sockets_until_cancelled(tmp_path: Path, run: Runner) -> None:
    settings = Settings(data_dir=tmp_path / "data", base_url="http://phones.example:8420")
    make_private(settings.run_dir)
    link, web = settings.socket("simulator"), settings.socket("simulator-http")

    async def scenario() -> None:
        process = Process(settings)
        role = asyncio.create_task(simulator.run(settings, process))
        await asyncio.wait_for(process.is_ready.wait(), 10)
        assert [stat.S_IMODE(path.stat().st_mode) for path in (link, web)] == [0o600, 0o600]
        assert (await get(web, "/phones")).startswith(b"HTTP/1.1 200 ")
        assert (await get(web, "/phones", "phones.example:8420")).startswith(b"HTTP/1.1 200 ")
        assert (await get(web, "/phones", "evil.example")).startswith(b"HTTP/1.1 403 ")
        handsets = await get(web, "/simulator/handsets")
        assert b"server:" not in handsets.lower()
        assert b'"+12025550177"' in handsets
        carrier = SimulatorCarrier(link)
        (answer,) = await carrier.submit([Submit(ref="SM1", sender="+12025550123", to="+12025550177", body="Hi")])
        assert answer.carrier_ref
        for _ in range(200):
            if b'"delivered"' in await get(web, "/simulator/handsets/+12025550177/messages"):
                break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("the text was never delivered")
        await carrier.close()
        feed, writer = await asyncio.open_unix_connection(str(web))
        writer.write(b"GET /simulator/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await feed.readline()).startswith(b"HTTP/1.1 200 ")
        role.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(role, 5)
        assert not link.exists()
        assert not web.exists()
        writer.close()

    run(scenario())


def test_it_refuses_to_run_in_production(tmp_path: Path, run: Runner) -> None:
    settings = Settings(data_dir=tmp_path, mode="production", base_url="https://text.example")

    async def scenario() -> None:
        with pytest.raises(RefusalError, match="development only"):
            await simulator.run(settings, Process(settings))
        assert not settings.run_dir.exists()

    run(scenario())
