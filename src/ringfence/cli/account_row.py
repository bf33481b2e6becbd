"""The account that a command is about."""

from ringfence.cli.installation import Installation
from ringfence.ports.store import AccountRow
from ringfence.roles.refusal import RefusalError


async def account_row(installation: Installation, sid: str) -> AccountRow:
    """The account. RefusalError when there is none of that SID."""
    row = await installation.store.account(sid)
    if row is None:
        raise RefusalError(f"there is no account {sid}", "ringfence account list")
    return row
