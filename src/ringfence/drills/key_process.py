"""A build's key service as a process of its own, so that an attacker can stop it, kill it, and leave it no room."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ringfence.domain.clock import Clock
from ringfence.drills.design import Design, Keys
from ringfence.drills.installation import installation
from ringfence.drills.seeded_copy import SeededCopy, seeded_copy
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient, DispatcherKeyClient
from ringfence.kms.server import DELIVERY_VERBS
from ringfence.roles.settings import Settings
from ringfence.roles.supervisor import Supervisor

ANSWER_WITHIN_S = 2.0
LOOK_EVERY_S = 0.005


class _BothSockets(Client):
    """Calls the delivery verbs at the dispatcher's socket, and all others at the API's."""

    def __init__(self, settings: Settings, answer_within_s: float) -> None:
        super().__init__(settings.socket("kms-api"), timeout_s=answer_within_s)
        self._delivery = Client(settings.socket("kms-dispatcher"), timeout_s=answer_within_s)

    async def call(self, verb: str, *args: object, returns: Any = Any, timeout_s: float | None = None) -> Any:
        if verb in DELIVERY_VERBS and verb != "blind":
            return await self._delivery.call(verb, *args, returns=returns, timeout_s=timeout_s)
        return await super().call(verb, *args, returns=returns, timeout_s=timeout_s)

    async def close(self) -> None:
        await self._delivery.close()
        await super().close()


class KeyProcess(ApiKeyClient, DispatcherKeyClient):
    """Both sides of a key service that runs elsewhere, as `design.Keys`. ConnectionError while it is away."""

    def __init__(self, client: Client, clock: Clock) -> None:
        ApiKeyClient.__init__(self, client, clock)

    async def tidy(self) -> None:
        """That process does so itself."""

    async def close(self) -> None:
        await self._client.close()


@contextlib.asynccontextmanager
async def apart(
    folder: Path, design: Design, roles: Sequence[str] = ("kms",), *, answer_within_s: float = ANSWER_WITHIN_S
) -> AsyncIterator[tuple[SeededCopy, Supervisor, Settings]]:
    """A seeded copy of `design` whose key service, and whoever writes its record, are processes of their own.

    So are further `roles`, which serve the same data. Calls that take longer than `answer_within_s` fail.
    """
    started = dict.fromkeys((design.log_writer, *roles))
    async with installation(folder, design.command, roles=list(started)) as (supervisor, settings):

        async def open_keys(_: Path, clock: Clock) -> Keys:
            return KeyProcess(_BothSockets(settings, answer_within_s), clock)

        async with seeded_copy(folder, msgspec.structs.replace(design, open_keys=open_keys)) as copy:
            yield copy, supervisor, settings


async def gone(pid: int) -> None:
    """Return once there is no such process, or no more than what its parent has not yet asked after."""
    stat = Path(f"/proc/{pid}/stat")
    while True:
        try:
            state = stat.read_text(encoding="ascii").rpartition(")")[2].split()[0]  # noqa: ASYNC240 - no disk
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        await asyncio.sleep(LOOK_EVERY_S)
