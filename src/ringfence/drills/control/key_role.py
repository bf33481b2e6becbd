"""The control's key service as a process, in the place of ours."""

import asyncio

from ringfence.drills.control.audit_role import AUDIT
from ringfence.drills.control.stand_in import play
from ringfence.drills.control.telling_keys import TellingKeys
from ringfence.ipc.server import serve
from ringfence.kms.server import serve_delivery_keys, serve_tenant_keys
from ringfence.ports.ledger import LedgerGap
from ringfence.roles import process as role_process
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings


class _NoLedger:
    """What the dispatcher may ask of a ledger: there is none, and nobody would know what is missing from it."""

    async def checkpoint(self) -> str:
        raise ConnectionError("the control has no ledger")

    async def consistency(self, old_size: int, size: int) -> list[bytes]:
        raise ConnectionError("the control has no ledger")

    async def keep_cosigned(self, note: str) -> None:
        raise ConnectionError("the control has no ledger")

    async def gaps(self) -> list[LedgerGap]:
        return []


async def run(settings: Settings, process: role_process.RoleProcess) -> None:
    """Serve both sockets, and the one by which commands write down what they do, until cancelled."""
    make_private(settings.kms_dir)
    keys = TellingKeys(settings.kms_dir, process.clock, settings.socket(AUDIT))
    await keys.open()
    tenant = await serve_tenant_keys(keys, settings.socket("kms-api"), links=keys, freezes=keys)
    carriage = settings.socket("kms-dispatcher")
    delivery = await serve_delivery_keys(keys, carriage, records=_NoLedger(), freezes=keys)
    console = await serve(settings.socket("kms-console"), {"note": keys.note})
    process.ready()
    try:
        await asyncio.Event().wait()
    finally:
        await console.close()
        await tenant.close()
        await delivery.close()
        await keys.close()


if __name__ == "__main__":
    play("kms")
