"""Whose records a member's page shows: their own account's, or those of a subaccount, behind one door each."""

from typing import Final, NamedTuple, Protocol

from starlette.requests import Request

from ringfence.console.live.looked import Looked
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.standstill import Standstill
from ringfence.ports.store import AccountRow

SUBACCOUNT: Final = "/subaccounts/{child}"


class Whose(NamedTuple):
    """An account; `child` is its SID again where it is a subaccount of the member's, `name` what people call that."""

    account: str
    child: str = ""
    name: str = ""


class Door(Protocol):
    """Where such pages are, by `at`, and whose they show."""

    at: str

    async def find(self, request: Request) -> Whose | None:
        """Whose page it is; None where there is no such account for this member."""

    async def open(self, request: Request) -> Whose:
        """The same, for what gives sealed records away. RefusedError, also where that account is frozen."""

    async def account(self, looked: Looked) -> str | None:
        """The account of a page that is followed; None where nothing is given away of it, so that nothing changes."""


class OwnAccount:
    """The member's own. That its members are let in is asked of each session."""

    at = ""

    async def find(self, request: Request) -> Whose:
        return Whose(session_of(request).account)

    async def open(self, request: Request) -> Whose:
        return await self.find(request)

    async def account(self, looked: Looked) -> str:
        return looked.account


class AccountsToFind(Protocol):
    """What of the store a door needs."""

    async def account(self, sid: str) -> AccountRow | None: ...


class Subaccount:
    """One of the member's account, and of no other."""

    at = SUBACCOUNT

    def __init__(self, accounts: AccountsToFind, standstill: Standstill) -> None:
        self._accounts = accounts
        self._standstill = standstill

    async def find(self, request: Request) -> Whose | None:
        return await self._of(session_of(request).account, request.path_params["child"])

    async def open(self, request: Request) -> Whose:
        return await self._opened(session_of(request).account, request.path_params["child"])

    async def account(self, looked: Looked) -> str | None:
        try:
            return (await self._opened(looked.account, looked.named("child"))).account
        except RefusedError:
            return None

    async def _opened(self, parent: str, sid: str) -> Whose:
        found = await self._of(parent, sid)
        if found is None:
            raise RefusedError("There is no such subaccount.", status=404)
        await self._standstill.check_member(found.account)
        return found

    async def _of(self, parent: str, sid: str) -> Whose | None:
        row = await self._accounts.account(sid)
        if row is None or row.parent != parent:
            return None
        return Whose(row.sid, child=row.sid, name=row.friendly_name or row.sid)
