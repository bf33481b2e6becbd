"""A verification as its tenant sees it."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verification import open_verification
from ringfence.domain.verification import Secret
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.verifications import VerificationRow


class VerificationView(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is None where this credential opens no key of that hour."""

    row: VerificationRow
    secret: Secret | None

    def __repr__(self) -> str:
        return f"VerificationView({self.row.sid})"


async def open_views(
    keys: TenantKeys, caller: Caller, account: str, rows: Sequence[VerificationRow]
) -> list[VerificationView]:
    """Views of rows, in order."""
    epochs = sorted({row.epoch for row in rows})
    opened = await keys.open_epochs(caller, account, epochs) if epochs else {}
    sealers = {epoch: RecordSealer(key, account) for epoch, key in opened.items()}
    return [
        VerificationView(
            row=row,
            secret=open_verification(sealers[row.epoch], row.sid, row.content) if row.epoch in sealers else None,
        )
        for row in rows
    ]
