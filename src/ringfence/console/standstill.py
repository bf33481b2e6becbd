"""Whom a freeze keeps from what: staff from all but thawing where everything is frozen, members of no active account.

Asked at each sign-in and at each request of a session: what ended sessions once would not stop the next one.
"""

from ringfence.console.refusals import RefusedError
from ringfence.ports.freezes import is_frozen, is_platform_frozen
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import StoreFailedError

_EVERYTHING = "Everything is frozen for now. Under Frozen one of you asks that it goes on, and another confirms it."


class Standstill:
    """Read anew each time, from the installation's store. RefusedError, and ConnectionError where it cannot be read."""

    def __init__(self, view: OperatorView) -> None:
        self._view = view

    async def check_staff(self) -> None:
        """Return where not everything is frozen: else staff may do nothing but let it go on."""
        try:
            freezes = await self._view.freezes()
        except StoreFailedError as error:
            raise ConnectionError("freezes cannot be read now") from error
        if is_platform_frozen(freezes):
            raise RefusedError(_EVERYTHING, status=403)

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
