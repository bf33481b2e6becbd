"""Make what a Verify Service is configured with."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.ports.store import SidTakenError
from ringfence.ports.verify_config import (
    VerifyConfigStore,
    VerifyFullError,
    VerifyKind,
    VerifyNameTakenError,
    VerifyRow,
)


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """How many there may be of a kind, and with which codes one too many and a second of a name are refused."""

    kind: VerifyKind
    prefix: str
    limit: int
    full: int
    taken: int


RATE_LIMIT = Bound(kind="rate_limit", prefix="RK", limit=10, full=60207, taken=60208)
BUCKET = Bound(kind="bucket", prefix="BL", limit=10, full=60210, taken=60211)
MESSAGING_CONFIGURATION = Bound(kind="messaging_configuration", prefix="MC", limit=300, full=60200, taken=60213)
WEBHOOK = Bound(kind="webhook", prefix="YW", limit=10, full=60200, taken=60200)
PUSH_CREDENTIAL = Bound(kind="push_credential", prefix="CR", limit=100, full=60200, taken=60200)
SAFE_NUMBER = Bound(kind="safe_number", prefix="GN", limit=10_000, full=60200, taken=20409)


async def create_configured(
    store: VerifyConfigStore,
    clock: Clock,
    bound: Bound,
    *,
    account: str,
    parent: str = "",
    name: str,
    settings: str = "{}",
    sid: str | None = None,
) -> VerifyRow | None:
    """The new row; None where its parent is not there. ApiError as `bound` says."""
    now_ms = clock.now_ms()
    row = VerifyRow(
        account=account,
        kind=bound.kind,
        parent=parent,
        sid=sid or new_sid(bound.prefix, now_ms),
        name=name,
        settings=settings,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    try:
        return row if await store.create_verify(row, bound.limit) else None
    except (VerifyNameTakenError, SidTakenError):
        raise ApiError(bound.taken) from None
    except VerifyFullError:
        raise ApiError(bound.full) from None


async def change_configured(
    store: VerifyConfigStore, clock: Clock, bound: Bound, row: VerifyRow, *, name: str, settings: str
) -> VerifyRow | None:
    """The row as it is now; None where it is gone. ApiError where a sibling has the name."""
    changed = msgspec.structs.replace(row, name=name, settings=settings, updated_ms=clock.now_ms())
    try:
        return changed if await store.update_verify(changed) else None
    except VerifyNameTakenError:
        raise ApiError(bound.taken) from None
