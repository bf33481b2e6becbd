"""An installation of real processes in a folder, as `ringfence up` runs it, for whoever comes through its port."""

import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from ringfence.domain.clock import SystemClock
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.roles.supervisor import Command, Supervisor
from ringfence.usecases.accounts.create_account import create_account

ROLES = ("kms", "simulator", "dispatcher", "api")


@contextlib.asynccontextmanager
async def installation(
    folder: Path, command: Command, *, roles: Sequence[str] = ROLES, **how: Any
) -> AsyncIterator[tuple[Supervisor, Settings]]:
    """Its supervisor and settings, while it runs; `how` are settings beside data folder and port. Its files stay."""
    listener = socket.create_server(("127.0.0.1", 0))
    settings = Settings(data_dir=folder, port=listener.getsockname()[1], **how)
    for private in (settings.data_dir, settings.run_dir):
        make_private(private)
    supervisor = Supervisor(settings, listeners={"api": [listener]}, command=command)
    try:
        for role in roles:
            await supervisor.start(role)
        yield supervisor, settings
    finally:
        await supervisor.stop()
        listener.close()


async def add_account(settings: Settings) -> tuple[str, str]:
    """A new account of a running installation: its SID and Auth Token."""
    client, clock = Client(settings.socket("kms-api")), SystemClock()
    store = await open_store(settings)
    try:
        made = await create_account(store, ApiKeyClient(client, clock), clock, friendly_name="Shop")
        return made.row.sid, made.auth_token
    finally:
        await store.close()
        await client.close()
