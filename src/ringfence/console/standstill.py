"""Whom a freeze keeps from what: staff from all but thawing where everything is frozen, members of no active account.

Asked at each sign-in and at each request of a session: what ended sessions once would not stop the next one.
"""

from collections.abc import Sequence

from ringfence.console.freezers import Freezers
from ringfence.console.pages import shown_time
from ringfence.console.refusals import RefusedError
from ringfence.console.stopped import CLOSED, SUSPENDED, UNKNOWN, frozen_words
from ringfence.ports.freezes import PLATFORM, FreezeRow
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.store import AccountRow, StoreFailedError

_GOES_ON = "Under Frozen one of you asks that it goes on, and another confirms it."


class Standstill:
    """Read anew each time, from the installation's store. RefusedError, and ConnectionError where it cannot be read.

    With `freezers` members are told who froze their account.
    """

    def __init__(self, view: OperatorView, freezers: Freezers | None = None) -> None:
        self._view = view
        self._freezers = freezers

    async def check_staff(self) -> None:
        """Return where not everything is frozen: else staff may do nothing but let it go on."""
        try:
            freezes = await self._view.freezes()
        except StoreFailedError as error:
            raise ConnectionError("freezes cannot be read now") from error
        found = next((row for row in freezes if row.kind == PLATFORM), None)
        if found is not None:
            raise RefusedError(f"Everything is frozen, since {shown_time(found.at_ms)} UTC. {_GOES_ON}", status=403)

    async def check_member(self, account: str) -> None:
        """Return where the account and its parent are active, and neither is frozen: else its members are told why."""
        try:
            own = await self._view.account(account)
            parent = None if own is None or own.parent is None else await self._view.account(own.parent)
            freezes = await self._view.freezes()
        except StoreFailedError as error:
            raise ConnectionError("accounts cannot be read now") from error
        if own is None or (own.parent is not None and parent is None):
            raise RefusedError(UNKNOWN, status=403)
        if (words := await self._stopped(own, parent, freezes)) is not None:
            raise RefusedError(words, status=403)

    async def _stopped(self, own: AccountRow, parent: AccountRow | None, freezes: Sequence[FreezeRow]) -> str | None:
        lines = [own] if parent is None else [own, parent]
        if any(each.status == "closed" for each in lines):
            return CLOSED
        # What stops most of them first: it is what has to end.
        for kind, name in ((PLATFORM, PLATFORM), *(("account", each.sid) for each in reversed(lines))):
            found = next((row for row in freezes if (row.kind, row.name) == (kind, name)), None)
            if found is not None:
                by = "" if self._freezers is None or kind == PLATFORM else await self._freezers.who(found)
                return frozen_words(found, own.sid, by)
        return None if all(each.status == "active" for each in lines) else SUSPENDED
