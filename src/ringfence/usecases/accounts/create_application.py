"""Make an application, with its configuration sealed."""

from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import ApplicationConfig, application_record, encode_application_config
from ringfence.ports.applications import ApplicationRow, ApplicationStore
from ringfence.ports.keys import TenantKeys


async def create_application(
    store: ApplicationStore,
    keys: TenantKeys,
    clock: Clock,
    *,
    account: str,
    friendly_name: str,
    config: ApplicationConfig,
) -> ApplicationRow:
    """The application, to which nothing refers yet."""
    now_ms = clock.now_ms()
    sid = new_sid("AP", now_ms)
    (standing,) = await keys.seal_standing(account, [(application_record(sid), encode_application_config(config))])
    row = ApplicationRow(
        account=account,
        sid=sid,
        friendly_name=friendly_name,
        standing=standing,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    await store.create_application(row)
    return row
