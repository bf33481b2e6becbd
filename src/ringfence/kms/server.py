"""The key service's two sockets: one for the API, one for the dispatcher. Each refuses the other's verbs."""

from collections.abc import Collection
from pathlib import Path

from ringfence.ipc.server import Server, serve
from ringfence.ports.keys import DeliveryKeys, TenantKeys

TENANT_VERBS = (
    "create_account",
    "add_slot",
    "revoke_slot",
    "sealing_key",
    "open_epochs",
    "lend_record",
    "index_keys",
    "seal_standing",
    "open_standing_as",
    "blind",
)
DELIVERY_VERBS = (
    "seal_record",
    "open_records",
    "open_standing",
    "blind",
    "open_delivery_epochs",
    "close_epoch",
)


async def serve_tenant_keys(service: TenantKeys, path: Path, allowed_uids: Collection[int] | None = None) -> Server:
    """Answer the verbs of `TenantKeys` at `path`. OSError where the path cannot be had."""
    return await serve(path, {verb: getattr(service, verb) for verb in TENANT_VERBS}, allowed_uids)


async def serve_delivery_keys(service: DeliveryKeys, path: Path, allowed_uids: Collection[int] | None = None) -> Server:
    """Answer the verbs of `DeliveryKeys` at `path`. OSError where the path cannot be had."""
    return await serve(path, {verb: getattr(service, verb) for verb in DELIVERY_VERBS}, allowed_uids)
