"""The key origin's process: what it serves is in the ledger first."""

import asyncio
import hashlib
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.key_origin.bundle_files import bundle_files, bundle_hash
from ringfence.kms.memory import memory_key_service
from ringfence.kms.server import serve_console_keys
from ringfence.roles import key_origin
from ringfence.roles.process import RoleProcess
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="rf-"))
    yield Settings(data_dir=folder, keys_url="https://keys.example.com", console_url="https://console.example.com")
    shutil.rmtree(folder)


def listener() -> socket.socket:
    bound = socket.create_server(("127.0.0.1", 0))
    bound.setblocking(False)
    return bound


def test_it_serves_once_the_ledger_says_what(run: Any, settings: Settings) -> None:
    make_private(settings.run_dir)
    bound = listener()

    async def scene() -> tuple[list[Any], str]:
        service = memory_key_service(ManualClock())
        await service.open()
        process = RoleProcess("key_origin", settings, listeners=[bound])
        role = asyncio.create_task(key_origin.run(settings, process))
        # While nobody takes the entry, nobody is answered.
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(b"GET /bundle/frame.js HTTP/1.1\r\nhost: keys.example.com\r\nconnection: close\r\n\r\n")
        await asyncio.sleep(0.05)
        server = await serve_console_keys(service, settings.socket("kms-console"))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert b"frame-ancestors https://console.example.com http://operator.localhost:8421" in head
        assert body == bundle_files()["frame.js"]
        writer.close()
        role.cancel()
        await asyncio.gather(role, return_exceptions=True)
        await server.close()
        entries = [(entry.account, entry.actor, entry.verb, entry.scope) for entry in service._ledger.entries]
        keeper = hashlib.sha256(await service.grant_keeper()).hexdigest()
        await service.close()
        return entries, keeper

    served = f"sha256:{bundle_hash(bundle_files())}"
    entries, keeper = run(scene())
    assert entries == [("operator", "key_origin", "note.serve_bundle", (served, f"grant_keeper:sha256:{keeper}"))]
