"""What the processes of one public port ask each other: for a sealed parcel that one of them was left.

A connection goes to whichever process takes it, so whoever leaves a parcel and whoever fetches it may meet two.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from ringfence.api.parcels import Parcels
from ringfence.domain.clock import Clock
from ringfence.ipc.client import Client
from ringfence.ipc.verbs import Handler
from ringfence.roles.process import api_names
from ringfence.roles.settings import Settings

TAKE = "take_parcel"
ANSWER_S = 1.0


def parcel_verbs(parcels: Parcels, clock: Clock) -> dict[str, Handler]:
    """What this process answers the others."""

    async def take(parcel_id: str) -> str | None:
        return parcels.take(parcel_id, clock.now_ms())

    return {TAKE: take}


@contextlib.asynccontextmanager
async def parcels_elsewhere(settings: Settings, name: str) -> AsyncIterator[Callable[[str], Awaitable[str | None]]]:
    """Takes a parcel from whichever process but `name` has it; None where none has. One that is away has none."""
    others = [other for other in api_names(settings.api_processes) if other != name]
    clients = [Client(settings.socket(f"live-{other}"), timeout_s=ANSWER_S) for other in others]

    async def take(parcel_id: str) -> str | None:
        for client in clients:
            with contextlib.suppress(ConnectionError):
                found: str | None = await client.call(TAKE, parcel_id)
                if found is not None:
                    return found
        return None

    try:
        yield take
    finally:
        for client in clients:
            await client.close()
