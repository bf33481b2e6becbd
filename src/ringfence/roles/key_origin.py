"""The key origin's process: it serves one bundle of files and a public key, and has neither secrets nor a store."""

import asyncio

from ringfence.domain.base64url import encode_base64url
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
    """Write down in the ledger which bundle is served, and which key of the key service; serve both until cancelled."""
    client = Client(settings.socket("kms-console"))
    try:
        keeper = await _write_down(ConsoleKeyClient(client))
    finally:
        await client.close()
    framed_by = [settings.tenant_origin, settings.operator_origin]
    app = create_key_origin(framed_by, settings.tenant_origin, grant_keeper=keeper)
    await serve_pages(app, process)


async def _write_down(keys: ConsoleKeyClient) -> bytes:
    """The key service's public key for grants, from the key service itself."""
    served = bundle_hash(bundle_files())
    while True:
        try:
            keeper = await keys.grant_keeper()
            scope = (f"sha256:{served}", f"grant_keeper:{encode_base64url(keeper)}")
            await keys.note(OPERATOR, ACTOR, SERVES, scope)
            return keeper
        except ConnectionError:
            # What is not in the ledger is not served: the key service starts again, or the supervisor gives us up.
            await asyncio.sleep(AGAIN_S)
