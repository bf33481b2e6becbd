"""The key origin's process: it serves one bundle of files and a public key, and has neither secrets nor a store."""

import asyncio
import contextlib
import hashlib

from ringfence.ipc.client import Client
from ringfence.key_origin.app import create_key_origin
from ringfence.key_origin.bundle_files import bundle_files, bundle_hash
from ringfence.kms.client import ConsoleKeyClient
from ringfence.ports.access_notes import OPERATOR
from ringfence.roles.page_server import serve_pages
from ringfence.roles.process import RoleProcess
from ringfence.roles.settings import Settings

ACTOR = "key_origin"
SERVES = "serve_bundle"
AGAIN_S = 1.0
FOLLOW_EVERY_S = 30.0


async def run(settings: Settings, process: RoleProcess) -> None:
    """Write down in the ledger which bundle is served, and which key of the key service; serve both until cancelled."""
    client = Client(settings.socket("kms-console"))
    try:
        served = _Served(ConsoleKeyClient(client))
        await served.write_down()
        framed_by = [settings.tenant_origin, settings.operator_origin]
        app = create_key_origin(framed_by, settings.tenant_origin, grant_keeper=lambda: served.keeper)
        following = asyncio.create_task(served.follow())
        try:
            await serve_pages(app, process)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    finally:
        await client.close()


class _Served:
    """What is served: the bundle, and the key service's public key for grants, from the key service itself."""

    def __init__(self, keys: ConsoleKeyClient) -> None:
        self._keys = keys
        self._bundle = bundle_hash(bundle_files())
        self.keeper = b""

    async def write_down(self) -> None:
        """Have it in the ledger. What is not there is not served: the key service starts again, or we are given up."""
        while True:
            try:
                await self._look()
            except ConnectionError:
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def follow(self) -> None:
        """Serve a new key once there is one, and once it is in the ledger."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            with contextlib.suppress(ConnectionError):
                await self._look()

    async def _look(self) -> None:
        keeper = await self._keys.grant_keeper()
        if keeper != self.keeper:
            scope = (f"sha256:{self._bundle}", f"grant_keeper:sha256:{hashlib.sha256(keeper).hexdigest()}")
            await self._keys.note(OPERATOR, ACTOR, SERVES, scope)
            self.keeper = keeper
