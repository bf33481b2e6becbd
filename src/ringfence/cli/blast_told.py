"""Tell tenants in their console what somebody opened of theirs."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.operator.staff import TERMINAL
from ringfence.domain.ledger.blast import Reach
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.roles.console import open_console_storage
from ringfence.roles.installation_lock import holder, is_alone
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

_ACTOR: Final = f"staff:{TERMINAL}"


def tell_tenants(settings: Settings, who: str, reached: Sequence[Reach], now_ms: int) -> int:
    """How many accounts were told anew; in each account's ledger first. RefusalError where nothing is up."""
    if holder(settings.data_dir) is None and not is_alone(settings.data_dir, "kms"):
        raise RefusalError("nothing is up, and what tenants are told is written into the ledger", "ringfence up")
    return asyncio.run(_tell(settings, who, reached, now_ms))


async def _tell(settings: Settings, who: str, reached: Sequence[Reach], now_ms: int) -> int:
    client = Client(settings.socket("kms-console"))
    storage = await open_console_storage(settings)
    keys = ConsoleKeyClient(client)
    try:
        for one in reached:
            await keys.note(one.account, _ACTOR, "tell_blast", (who.replace(" ", ":"),))
        return await BlastNotices(storage).tell([notice_of(one, who, now_ms) for one in reached])
    except ConnectionError:
        raise RefusalError("key service or database cannot be written", "`ringfence logs` tells why") from None
    finally:
        await storage.close()
        await client.close()


def notice_of(reach: Reach, who: str, now_ms: int) -> BlastNotice:
    """What an account is told."""
    return BlastNotice(
        account=reach.account,
        who=who,
        objects=len(reach.objects),
        first_ms=reach.first_ms,
        last_ms=reach.last_ms,
        told_ms=now_ms,
    )
