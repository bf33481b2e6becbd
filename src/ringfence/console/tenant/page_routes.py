"""Pages of members that show no content: the overview, and the members themselves."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.act_notices import ActNotices
from ringfence.console.blast_notices import BlastNotices
from ringfence.console.grant_book import GrantBook
from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Sessions
from ringfence.console.standing_duty import standing_duty
from ringfence.console.tenant.calls import TenantCalls
from ringfence.console.tenant.fortnight import charts_of
from ringfence.console.tenant.leaves import leaves_behind
from ringfence.console.tenant.members import Members
from ringfence.console.tenant.owner_claims import OwnerClaims
from ringfence.console.tenant.roles import role_of
from ringfence.console.tenant.slot_json import SlotJson, asked_json, read_slot
from ringfence.console.tenant.slot_name import slot_name
from ringfence.console.tenant.traffic import TenantTraffic
from ringfence.domain.access.role import Role
from ringfence.domain.passkeys.answers import RegistrationJson, read_registration
from ringfence.domain.retention.facts import MEANINGS
from ringfence.ports.retention import Duties


class _Made(msgspec.Struct, frozen=True):
    ceremony: str
    answer: RegistrationJson
    slot: SlotJson


def page_routes(
    pages: Pages,
    traffic: TenantTraffic,
    calls: TenantCalls,
    members: Members,
    sessions: Sessions,
    notices: BlastNotices,
    done_by_staff: ActNotices,
    owner_claims: OwnerClaims,
    grants: GrantBook,
    duties: Duties,
    *,
    keys_origin: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def shown(name: str, title: str, request: Request, **values: Any) -> Response:
        session = session_of(request)
        return pages.page(name, title=title, session=session, role=role_of(request), keys=keys_origin, **values)

    async def overview(request: Request) -> Response:
        account = session_of(request).account
        days, called = await traffic.days(account), await calls.days(account, sessions.now_ms())
        charts = charts_of(days, called)
        told = await notices.of(session_of(request).account)
        acts = await done_by_staff.of(session_of(request).account, sessions.now_ms())
        return shown(
            "member_overview.html",
            "Overview",
            request,
            days=days,
            calls=called,
            charts=charts,
            notices=told,
            leaves=await leaves_behind(grants, told),
            acts=acts,
            claims=await owner_claims.of(account),
            retained=await standing_duty(duties),
            meanings=MEANINGS,
        )

    async def overview_now(looked: Looked) -> Now:
        account, now_ms = looked.account, sessions.now_ms()
        return {
            "texts": await traffic.days(account),
            "calls": await calls.days(account, now_ms),
            "notices": await notices.of(account),
            "acts": await done_by_staff.of(account, now_ms),
            "claims": await owner_claims.of(account),
            "retained": await standing_duty(duties),
        }

    async def people(request: Request) -> Response:
        session = session_of(request)
        found = await members.of(session.account)
        named = [
            (each, [(slot_name(kept.passkey.credential_id), kept) for kept in passkeys]) for each, passkeys in found
        ]
        open_now = await sessions.open_now("member", account=session.account)
        claims = await owner_claims.of(session.account)
        return shown(
            "member_members.html",
            "Members",
            request,
            members=named,
            sessions=open_now,
            roles=list(Role),
            claims=claims,
            due={each.member for each in claims if owner_claims.is_due(each)},
        )

    async def people_now(looked: Looked) -> Now:
        found = await members.of(looked.account)
        open_now = await sessions.open_now("member", account=looked.account)
        claims = await owner_claims.of(looked.account)
        return {
            **{f"claim {each.member}": (each, owner_claims.is_due(each)) for each in claims},
            **{each.id: (each.role, [(kept.made_ms, kept.used_ms) for kept in passkeys]) for each, passkeys in found},
            **{each.id: each.seen_ms for each in open_now},
        }

    async def begin_adding(request: Request) -> Response:
        return done(**asked_json(await members.begin_adding(session_of(request))))

    async def add(request: Request) -> Response:
        made = await read_json(request, _Made)
        answer = read_registration(made.answer)
        await members.finish(made.ceremony, answer, read_slot(made.slot), session_of(request))
        return done()

    async def forget(request: Request) -> Response:
        await members.forget(session_of(request), request.path_params["member"], request.path_params["credential"])
        return done()

    return [
        Followed("/", overview, overview_now),
        Followed("/members", people, people_now),
        Route("/passkeys/options", answering(begin_adding), methods=["POST"]),
        Route("/passkeys", answering(add), methods=["POST"]),
        Route("/members/{member}/passkeys/{credential}/forget", answering(forget), methods=["POST"]),
    ]
