"""Whom a freeze keeps out of the consoles: staff where everything is frozen, members where their account is not active.

Asked at each sign-in and at each request of a session: what ended sessions once would not stop the next one.
"""

from ringfence.console.refusals import RefusedError
from ringfence.ports.freezes import is_frozen, is_platform_frozen
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import StoreFailedError


class Standstill:
    """Read anew each time, from the installation's store. RefusedError, and ConnectionError where it cannot be read."""

    def __init__(self, view: OperatorView) -> None:
        self._view = view

    async def check_staff(self) -> None:
        """Return where not everything is frozen."""
        try:
            freezes = await self._view.freezes()
        except StoreFailedError as error:
            raise ConnectionError("freezes cannot be read now") from error
        if is_platform_frozen(freezes):
            raise RefusedError("Everything is frozen for now: the operator's terminal lets it go on.", status=403)

    async def check_member(self, account: str) -> None:
        """Return where the account and its parent are active, and neither is frozen."""
        try:
            own = await self._view.account(account)
            parent = None if own is None or own.parent is None else await self._view.account(own.parent)
            freezes = await self._view.freezes()
        except StoreFailedError as error:
            raise ConnectionError("accounts cannot be read now") from error
        stands = own is None or own.status != "active" or (own.parent is not None and parent is None)
        stands = stands or (parent is not None and parent.status != "active")
        if stands or is_frozen(freezes, "account", account, None if parent is None else parent.sid):
            raise RefusedError("This account is not active for now.", status=403)
