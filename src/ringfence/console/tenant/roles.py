"""Who of an account's members may what: decided here for each route of the tenants' console, before it acts.

What changes something and is not listed here is for owners alone: who adds a route and forgets it locks too much.
What an open page shows of roles is for the eye; this is what counts. Why: docs/why/console.md.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import Handler, answering
from ringfence.console.live.looked import Looked
from ringfence.console.live.pages import Followed, LivePages
from ringfence.console.live.streams import May
from ringfence.console.passkey_book import passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import OpenPaths, session_of
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import Member, keep_member, member_of, members_of
from ringfence.console.tenant.people_acts import NO_MEMBER, PeopleActs
from ringfence.domain.access.role import Role
from ringfence.domain.clock import Clock
from ringfence.ports.access_notes import AccessNotes

# Returns where a session's person is not kept out for now; RefusedError.
Admits = Callable[[Session], Awaitable[None]]

ROLE: Final = "role"
_NEEDED: Final = {
    Role.READER: NO_MEMBER,
    Role.APPROVER: "Your role is reader: ask an owner of the account for another.",
    Role.OWNER: "Only an owner of the account may do that.",
}

# Routes that are asked by POST, by their path as it is in the router.
DEMANDED: Final[Mapping[str, Role]] = {
    "/verify/options": Role.READER,
    "/verify": Role.READER,
    "/boxes": Role.READER,
    "/sign-out": Role.READER,
    "/texts/sealed": Role.READER,
    "/texts/{sid}/sealed": Role.READER,
    "/calls/sealed": Role.READER,
    "/calls/{sid}/sealed": Role.READER,
    "/recordings/{sid}/sealed": Role.READER,
    "/webhooks/{of}/{event}/sealed": Role.READER,
    "/webhooks/{of}/{event}/again": Role.APPROVER,
    "/notices/sealed": Role.READER,
    "/ledger/entries": Role.READER,
    "/retention/entries": Role.READER,
    "/touched/sealed": Role.READER,
    "/touched/named": Role.READER,
    "/touched/{who}/{first_ms:int}/{last_ms:int}/entries": Role.READER,
    "/numbers/{sid}/sealed": Role.READER,
    "/subaccounts/{child}/boxes": Role.READER,
    "/subaccounts/{child}/texts/sealed": Role.READER,
    "/subaccounts/{child}/texts/{sid}/sealed": Role.READER,
    "/subaccounts/{child}/calls/sealed": Role.READER,
    "/subaccounts/{child}/calls/{sid}/sealed": Role.READER,
    "/subaccounts/{child}/recordings/{sid}/sealed": Role.READER,
    "/services/messaging/{sid}/sealed": Role.READER,
    "/services/verify/{service}/webhooks/{sid}/sealed": Role.READER,
    "/passkeys/options": Role.READER,
    "/passkeys": Role.READER,
    # A reader forgets passkeys of their own; `Members.forget` demands an owner for another's.
    "/members/{member}/passkeys/{credential}/forget": Role.READER,
    "/members/{member}/role": Role.OWNER,
    # Of a claim of one's own, which a link for an owner began.
    "/ownership": Role.READER,
    "/ownership/{member}/refuse": Role.OWNER,
    "/shared": Role.APPROVER,
    "/shared/{sid}": Role.APPROVER,
    "/grants/{sid}/look": Role.APPROVER,
    "/grants/{sid}/keys": Role.APPROVER,
    "/grants/{sid}/approve": Role.APPROVER,
    "/grants/{sid}/refuse": Role.APPROVER,
    "/grants/{sid}/end": Role.APPROVER,
}


def held_to_roles(
    routes: Sequence[BaseRoute], open_paths: OpenPaths, storage: ConsoleStorage, live: LivePages, admits: Admits
) -> list[BaseRoute]:
    """The routes, each of which first demands the role that it is for. `role_of` tells it to what it calls.

    Those that say so can be followed, by whoever may look at them and while `admits` raises nothing.
    """

    async def may(session: Session, _: Looked) -> None:
        await admits(session)
        await demand(storage, session, Role.READER)

    held = [_held(_followed(route, live, may), open_paths, storage) for route in routes]
    return [*held, *(_held(route, open_paths, storage) for route in live.routes())]


def role_of(request: Request) -> Role:
    """The role of the member who asks, as it was when the request came."""
    found: Role = request.scope["state"][ROLE]
    return found


async def demand(storage: ConsoleStorage, session: Session, needed: Role) -> Role:
    """The member's role, where it is `needed` or above. RefusedError with 403."""
    return await storage.run(lambda db: demanded(db, session, needed).role)


def demanded(db: sqlite3.Connection, session: Session, needed: Role) -> Member:
    """As `demand`, for whoever acts in the same transaction: the member."""
    member = member_of(db, session.account, session.person)
    if member is None or not member.role.may(needed):
        raise RefusedError(NO_MEMBER if member is None else _NEEDED[needed], status=403)
    return member


class MemberRoles:
    """Owners give roles. RefusedError; ConnectionError where the ledger cannot be written: nothing was changed."""

    def __init__(self, storage: ConsoleStorage, notes: AccessNotes, clock: Clock) -> None:
        self._acts = PeopleActs(storage, notes, clock)

    async def give(self, session: Session, member: str, role: Role) -> None:
        """An owner, who has just shown a passkey, gives a member of the same account a role. The last owner stays."""

        def find(db: sqlite3.Connection) -> Member:
            demanded(db, session, Role.OWNER)
            found = member_of(db, session.account, member)
            if found is None:
                raise RefusedError("There is no such member.", status=404)
            if role is not Role.READER and not passkeys_of(db, "member", member):
                raise RefusedError("Who has no passkey here stays a reader: make them a link.")
            if role is not Role.OWNER and is_last_owner(db, found):
                raise RefusedError("The account's last owner stays: make another member an owner first.")
            return found

        def work(db: sqlite3.Connection) -> None:
            keep_member(db, msgspec.structs.replace(find(db), role=role))

        await self._acts.do(session, "give_role", (f"member:{member}", f"role:{role.value}"), find=find, work=work)


def is_last_owner(db: sqlite3.Connection, member: Member) -> bool:
    """Whether nobody else of the account could give roles."""
    owners = [each.id for each in members_of(db, member.account) if each.role is Role.OWNER]
    return owners == [member.id]


def _followed(route: BaseRoute, live: LivePages, may: May) -> BaseRoute:
    if not isinstance(route, Followed):
        return route
    return Route(route.path, live.followed(route.path, route.endpoint, route.read, may), methods=["GET"])


def _held(route: BaseRoute, open_paths: OpenPaths, storage: ConsoleStorage) -> BaseRoute:
    if not isinstance(route, Route):
        raise TypeError("a route that no role can be demanded for")
    methods = sorted(route.methods or ())
    if all(open_paths.has(method, route.path) for method in methods if method != "HEAD"):
        return route
    asks: Handler = route.endpoint

    async def held(request: Request) -> Response:
        needed = Role.READER if request.method in ("GET", "HEAD") else DEMANDED.get(route.path, Role.OWNER)
        request.scope["state"][ROLE] = await demand(storage, session_of(request), needed)
        return await asks(request)

    return Route(route.path, answering(held), methods=methods)
