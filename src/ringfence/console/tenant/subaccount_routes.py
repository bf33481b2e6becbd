"""Subaccounts for members of their parent: which there are, and how one opens, through the parent's content key."""

from typing import Final, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.doors import Subaccount
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.ports.store import AccountRow

TITLE: Final = "Subaccounts"
SHOWN: Final = 500


class AccountsToList(Protocol):
    """What of the store these pages need."""

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]: ...


def subaccount_routes(
    pages: Pages, accounts: AccountsToList, door: Subaccount, hours: SealedHours, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member, and of subaccounts of their own account alone."""

    async def listed(request: Request) -> Response:
        session = session_of(request)
        children = await of(session.account)
        return pages.page(
            "member_subaccounts.html", title=TITLE, session=session, keys=keys_origin, children=children, most=SHOWN
        )

    async def now(looked: Looked) -> Now:
        return rows_by(lambda each: each.sid, await of(looked.account))

    async def of(parent: str) -> list[AccountRow]:
        return [each for each in await accounts.accounts(parent, limit=SHOWN) if each.parent == parent]

    async def boxes(request: Request) -> Response:
        asked, whose = await read_json(request, Opener), await door.open(request)
        copies = await hours.of_child(session_of(request), asked.credential, whose.child)
        return done(account=whose.child, copies=copies)

    return [
        Followed("/subaccounts", listed, now),
        Route(f"{door.at}/boxes", answering(boxes), methods=["POST"]),
    ]
