"""Make and change Verify Services."""

from collections.abc import Callable

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.domain.verify_service import VerifyService, decode_verify_service, encode_verify_service
from ringfence.ports.verify_config import MAX_SERVICES, VerifyConfigStore, VerifyFullError, VerifyRow


async def create_verify_service(
    store: VerifyConfigStore, clock: Clock, account: str, service: VerifyService, sid: str | None = None
) -> VerifyRow:
    """The service at rest. ApiError where the account has all that it may have; SidTakenError for a known `sid`."""
    now_ms = clock.now_ms()
    row = VerifyRow(
        account=account,
        kind="service",
        sid=sid or new_sid("VA", now_ms),
        settings=encode_verify_service(service),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    try:
        await store.create_verify(row, MAX_SERVICES)
    except VerifyFullError:
        raise ApiError(60207, f"An account has at most {MAX_SERVICES} services") from None
    return row


async def configure_verify_service(
    store: VerifyConfigStore, clock: Clock, row: VerifyRow, change: Callable[[VerifyService], VerifyService]
) -> VerifyRow | None:
    """The service as `change` makes it; None where it is gone."""
    changed = msgspec.structs.replace(
        row,
        settings=encode_verify_service(change(decode_verify_service(row.settings))),
        updated_ms=clock.now_ms(),
    )
    return changed if await store.update_verify(changed) else None
