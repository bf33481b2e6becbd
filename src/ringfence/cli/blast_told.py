"""Tell tenants what somebody opened of theirs: in their console, and by webhook where they named an address."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.operator.staff import TERMINAL
from ringfence.domain.ledger.blast import Reach
from ringfence.domain.ledger.leave import Leave
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.ports.notices import NoticeRow
from ringfence.ports.store import QueueFullError, Store, StoreFailedError
from ringfence.roles.console_storage import open_console_storage
from ringfence.roles.installation_lock import holder, is_alone
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.usecases.access.tell_notices import blast_notice, tell_notices

_ACTOR: Final = f"staff:{TERMINAL}"


class Told(NamedTuple):
    """How many accounts were told anew, on which way."""

    pages: int
    webhooks: int


def tell_tenants(
    settings: Settings, who: str, reached: Sequence[Reach], leaves: Mapping[str, Leave], now_ms: int
) -> Told:
    """In each account's ledger first. Again tells those that a crash left untold. RefusalError where nothing is up."""
    if holder(settings.data_dir) is None and not is_alone(settings.data_dir, "kms"):
        raise RefusalError("nothing is up, and what tenants are told is written into the ledger", "ringfence up")
    return asyncio.run(_tell(settings, who, reached, leaves, now_ms))


async def _tell(
    settings: Settings, who: str, reached: Sequence[Reach], leaves: Mapping[str, Leave], now_ms: int
) -> Told:
    client = Client(settings.socket("kms-console"))
    storage = await open_console_storage(settings)
    keys = ConsoleKeyClient(client)
    store: Store | None = None
    try:
        store = await open_store(settings)
        for one in reached:
            await keys.note(one.account, _ACTOR, "tell_blast", (who.replace(" ", ":"),))
        notices = [notice_of(one, leaves.get(one.account, Leave()), who, now_ms) for one in reached]
        webhooks = await tell_notices(
            store, [webhook_of(one, notice, settings) for one, notice in zip(reached, notices, strict=True)]
        )
        return Told(await BlastNotices(storage).tell(notices), webhooks)
    except (ConnectionError, QueueFullError, StoreFailedError):
        raise RefusalError("key service or database cannot be written", "`ringfence logs` tells why") from None
    finally:
        if store is not None:
            await store.close()
        await storage.close()
        await client.close()


def webhook_of(reach: Reach, notice: BlastNotice, settings: Settings) -> NoticeRow:
    """What its program is told: the same."""
    kind, _, actor = notice.who.rpartition(" ")
    link = f"{settings.tenant_origin}/touched/{quote(notice.who)}/{notice.first_ms}/{notice.last_ms}"
    return blast_notice(reach, kind, actor, link, notice.told_ms)


def notice_of(reach: Reach, leave: Leave, who: str, now_ms: int) -> BlastNotice:
    """What an account is told."""
    return BlastNotice(
        account=reach.account,
        who=who,
        objects=len(reach.objects),
        first_ms=reach.first_ms,
        last_ms=reach.last_ms,
        told_ms=now_ms,
        granted=leave.objects,
        grants=" ".join(leave.grants),
    )
