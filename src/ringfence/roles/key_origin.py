"""The key origin's process: it serves one bundle of files, and has neither keys nor a store."""

import asyncio

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


async def run(settings: Settings, process: RoleProcess) -> None:
    """Write down in the ledger which bundle is served, then serve it until cancelled."""
    client = Client(settings.socket("kms-console"))
    try:
        await _write_down(ConsoleKeyClient(client))
    finally:
        await client.close()
    app = create_key_origin([settings.tenant_origin, settings.operator_origin], settings.tenant_origin)
    await serve_pages(app, process)


async def _write_down(keys: ConsoleKeyClient) -> None:
    served = bundle_hash(bundle_files())
    while True:
        try:
            return await keys.note(OPERATOR, ACTOR, SERVES, (f"sha256:{served}",))
        except ConnectionError:
            # What is not in the ledger is not served: the key service starts again, or the supervisor gives us up.
            await asyncio.sleep(AGAIN_S)
