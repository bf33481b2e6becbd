"""Who may use an account, from where and with which signature. Shown here, changed in the key origin's frame.

A console that is taken over must neither let a key in nor lift a limit: so it carries forms that a member's passkey
proves to the key service, which the API takes them from. Why: docs/why/console.md.
"""

from typing import Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import MemberActs
from ringfence.console.tenant.standing_json import FormJson, StandingRelay
from ringfence.domain.client_validation import KEYS_MAX, read_client_keys
from ringfence.ports.access_changes import AccessForms
from ringfence.ports.store import AccountRow

TITLE: Final = "Access"


class AccountsToShow(Protocol):
    """What of the store this page needs."""

    async def account(self, sid: str) -> AccountRow | None: ...


class _Made(msgspec.Struct, frozen=True):
    record: str
    form: FormJson


def access_routes(
    pages: Pages,
    accounts: AccountsToShow,
    waiting: AccessForms,
    relay: StandingRelay,
    acts: MemberActs,
    *,
    keys_origin: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member; what changes something, for owners."""

    async def shown(request: Request) -> Response:
        session = session_of(request)
        account = await accounts.account(session.account)
        if account is None:
            return pages.page("member_missing.html", 404, title=TITLE, session=session, keys=keys_origin)
        return pages.page(
            "member_access.html",
            title=TITLE,
            session=session,
            keys=keys_origin,
            networks=account.networks.split(),
            address=_address(request),
            client_keys=read_client_keys(account.client_keys),
            most=KEYS_MAX,
            waiting=[each.record for each in await waiting.waiting_access(account.sid)],
        )

    async def now(looked: Looked) -> Now:
        account = await accounts.account(looked.account)
        kept = None if account is None else (account.networks, account.client_keys)
        return {"": kept, **rows_by(lambda each: each.record, await waiting.waiting_access(looked.account))}

    async def begin(request: Request) -> Response:
        session = acts.fresh_session(request)
        return done(proof_key=await relay.proof_key(session), address=_address(request))

    async def keep(request: Request) -> Response:
        session, made = acts.fresh_session(request), await read_json(request, _Made)
        await relay.access_kept(session, made.record, made.form)
        return done()

    return [
        Followed("/access", shown, now),
        Route("/access/form", answering(begin), methods=["POST"]),
        Route("/access", answering(keep), methods=["POST"]),
    ]


def _address(request: Request) -> str:
    """From where the member asks; "" where that is not known."""
    return request.client.host if request.client else ""
