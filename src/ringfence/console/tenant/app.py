"""The tenants' console: its routes, behind the guard of sessions; enrolling by a link is beside it."""

from itertools import chain

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.console.act_notices import ActNotices
from ringfence.console.blast_notices import BlastNotices
from ringfence.console.dependencies import ConsoleDependencies, domain_of
from ringfence.console.freezers import Freezers
from ringfence.console.grant_book import GrantBook
from ringfence.console.live.pages import LivePages
from ringfence.console.operator.grant_scopes import GrantScopes
from ringfence.console.pages import Pages
from ringfence.console.session_guard import OpenPaths, SessionGuard, why_not
from ringfence.console.sessions import Session, Sessions
from ringfence.console.sign_in import SignIn
from ringfence.console.sign_in_routes import OPEN, OPEN_BELOW, sign_in_routes
from ringfence.console.standstill import Standstill
from ringfence.console.tenant.access_routes import access_routes
from ringfence.console.tenant.calls import TenantCalls
from ringfence.console.tenant.code_report import TenantCodes
from ringfence.console.tenant.code_routes import code_routes
from ringfence.console.tenant.doors import Door, OwnAccount, Subaccount
from ringfence.console.tenant.enrol_app import create_enrol_app
from ringfence.console.tenant.grant_routes import grant_routes
from ringfence.console.tenant.key_routes import key_routes
from ringfence.console.tenant.ledger_routes import ledger_routes
from ringfence.console.tenant.limits import TenantLimits
from ringfence.console.tenant.member_acts import MemberActs
from ringfence.console.tenant.members import Members
from ringfence.console.tenant.notice_routes import notice_routes
from ringfence.console.tenant.number_routes import number_routes
from ringfence.console.tenant.opening import Openings, check_is_member
from ringfence.console.tenant.owner_claims import OwnerClaims
from ringfence.console.tenant.page_routes import page_routes
from ringfence.console.tenant.record_kinds import calls_of, texts_of
from ringfence.console.tenant.record_routes import record_routes
from ringfence.console.tenant.recording_routes import recording_routes
from ringfence.console.tenant.retention_routes import retention_routes
from ringfence.console.tenant.role_routes import role_routes
from ringfence.console.tenant.roles import MemberRoles, held_to_roles
from ringfence.console.tenant.sealed_hours import SealedHours
from ringfence.console.tenant.service_routes import service_routes
from ringfence.console.tenant.share_routes import share_routes
from ringfence.console.tenant.sso.id_tokens import KeptIdTokens
from ringfence.console.tenant.sso.logout_app import SIGNED_OUT, create_logout_app
from ringfence.console.tenant.sso.people import SsoPeople
from ringfence.console.tenant.sso.provider import Providers
from ringfence.console.tenant.sso.routes import OPEN as SSO_OPEN
from ringfence.console.tenant.sso.routes import sso_routes
from ringfence.console.tenant.sso.rows import has_providers
from ringfence.console.tenant.sso.sign_in import SsoSignIn
from ringfence.console.tenant.sso.sign_out import SsoSignOut
from ringfence.console.tenant.standing_json import StandingRelay
from ringfence.console.tenant.subaccount_routes import subaccount_routes
from ringfence.console.tenant.touched import TouchedRecords
from ringfence.console.tenant.touched_routes import touched_routes
from ringfence.console.tenant.traffic import TenantTraffic
from ringfence.console.tenant.usage import TenantUsage
from ringfence.console.tenant.usage_routes import usage_routes
from ringfence.console.tenant.verify_service_routes import verify_service_routes
from ringfence.console.tenant.verify_webhook_routes import verify_webhook_routes
from ringfence.console.tenant.webhook_routes import webhook_routes
from ringfence.console.tenant.webhooks import TenantWebhooks
from ringfence.ports.passkeys import RelyingParty
from ringfence.usecases.webhooks.replay import Replayer

NAME = "ringfence"
ENROL = frozenset({"/enrol", "/enrol/options"})


def create_tenant_console(dependencies: ConsoleDependencies, pages: Pages) -> ASGIApp:
    """For members of accounts, whose passkeys are of the key origin's host and are shown in its frame in our pages."""
    origins, clock = dependencies.origins, dependencies.clock
    storage, keys = dependencies.storage, dependencies.keys
    passkeys = dependencies.members_passkeys
    party = RelyingParty(id=domain_of(origins.keys), name=NAME, origins=(origins.keys,), framed_by=(origins.tenant,))
    sessions, standstill = Sessions(storage, clock), Standstill(dependencies.view, Freezers(dependencies.records))
    live = LivePages(sessions, clock)
    members = Members(storage, keys, passkeys, party, clock, standstill)
    claims = OwnerClaims(storage, keys, clock)
    openings = Openings(storage, keys)
    sign_in = SignIn(
        *("member", storage, sessions, passkeys, party),
        *(dependencies.notes, clock, check_is_member, standstill.check_member),
    )
    traffic = TenantTraffic(dependencies.texts, clock)
    relay, acts = StandingRelay(storage, keys), MemberActs(dependencies.notes, clock)
    calls = TenantCalls(dependencies.calls)
    hours = SealedHours(storage, keys)
    enrolling = create_enrol_app(members, origins.keys)

    http = dependencies.http
    providers = None if http is None else Providers(http, clock, dev=dependencies.dev)
    id_tokens = KeptIdTokens(sessions)
    sso_sign_in = SsoSignIn(storage, sessions, providers, keys, clock, standstill, id_tokens, origins.tenant)
    sso_sign_out = SsoSignOut(storage, sessions, providers, keys, clock, id_tokens, origins.tenant)
    signed_out = create_logout_app(sso_sign_out)

    async def sign_in_page(status: int = 200, why: str = "") -> Response:
        # A way in that nobody has is not offered; while the database is away nobody gets in by any.
        try:
            from_elsewhere = http is not None and await storage.run(has_providers)
        except ConnectionError:
            from_elsewhere = False
        shown = {"keys": origins.keys, "why": why, "from_elsewhere": from_elsewhere}
        return pages.page("member_sign_in.html", status, title="Sign in", **shown)

    async def locked(scope: Scope, receive: Receive, send: Send) -> None:
        page = await sign_in_page(401, why_not(scope))
        await page(scope, receive, send)

    async def admits(session: Session) -> None:
        await standstill.check_member(session.account)

    open_paths = OpenPaths([*OPEN, *SSO_OPEN], below=OPEN_BELOW)
    subaccount = Subaccount(dependencies.view, standstill)
    kinds = texts_of(traffic, dependencies.told), calls_of(calls, dependencies.told)

    def rooms(door: Door) -> list[BaseRoute]:
        lists = [record_routes(kind, door, pages, hours, keys_origin=origins.keys) for kind in kinds]
        sounds = recording_routes(
            *(door, pages, dependencies.calls, dependencies.recordings, hours), keys_origin=origins.keys
        )
        return [*chain.from_iterable(lists), *sounds]

    routes = [
        *rooms(OwnAccount()),
        *rooms(subaccount),
        *sign_in_routes(
            *(sign_in_page, sign_in, sessions, dependencies.notes, clock, origins.tenant),
            opened=openings.opened,
            leaving=sso_sign_out.leaving,
        ),
        *openings.routes(),
        *grant_routes(
            *(pages, storage, dependencies.grants, keys, dependencies.view, dependencies.notes, clock),
            keys_origin=origins.keys,
        ),
        *share_routes(GrantBook(storage), dependencies.grants, GrantScopes(dependencies.view, clock), clock),
        *sso_routes(
            *(pages, sso_sign_in, SsoPeople(storage, keys, clock, dev=dependencies.dev), clock),
            origin=origins.tenant,
            keys_origin=origins.keys,
        ),
        *role_routes(MemberRoles(storage, keys, clock), claims),
        *usage_routes(
            *(pages, TenantUsage(dependencies.counted)),
            *(TenantLimits(dependencies.counted, GrantBook(storage), dependencies.allowed, clock), clock),
            keys_origin=origins.keys,
        ),
        *code_routes(
            *(pages, TenantCodes(dependencies.counted), dependencies.set_up, clock),
            keys_origin=origins.keys,
        ),
        *page_routes(
            *(pages, traffic, calls, members, sessions, BlastNotices(storage), ActNotices(storage), claims),
            *(GrantBook(storage), dependencies.duties),
            keys_origin=origins.keys,
        ),
        *webhook_routes(
            *(
                pages,
                TenantWebhooks(dependencies.told),
                hours,
                keys,
                acts,
                Replayer(dependencies.told, clock, dependencies.wake),
            ),
            keys_origin=origins.keys,
        ),
        *notice_routes(pages, dependencies.told, keys, relay, keys_origin=origins.keys),
        *subaccount_routes(pages, dependencies.view, subaccount, hours, keys_origin=origins.keys),
        *number_routes(pages, dependencies.set_up, relay, acts, clock, keys_origin=origins.keys),
        *service_routes(pages, dependencies.set_up, relay, acts, clock, keys_origin=origins.keys),
        *key_routes(pages, dependencies.set_up, keys, acts, clock, keys_origin=origins.keys),
        *access_routes(pages, dependencies.view, keys, relay, acts, keys_origin=origins.keys),
        *verify_service_routes(pages, dependencies.set_up, acts, clock, keys_origin=origins.keys),
        *verify_webhook_routes(pages, dependencies.set_up, relay, acts, clock, keys_origin=origins.keys),
        *ledger_routes(pages, dependencies.records, dependencies.duties, keys_origin=origins.keys),
        *retention_routes(pages, dependencies.duties, dependencies.records, keys_origin=origins.keys),
        *touched_routes(
            *(pages, BlastNotices(storage), dependencies.records),
            *(TouchedRecords(dependencies.texts, dependencies.calls, dependencies.touched), hours),
            keys_origin=origins.keys,
        ),
    ]
    guarded = SessionGuard(
        Starlette(routes=held_to_roles(routes, open_paths, storage, live, admits)),
        kind="member",
        origin=origins.tenant,
        sessions=sessions,
        open_paths=open_paths,
        locked=locked,
        admits=admits,
        tickets=live.tickets,
    )

    async def console(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        # Neither has a session: the key origin's page asks across origins, and a provider no browser.
        outside = enrolling if path in ENROL else signed_out if path == SIGNED_OUT else None
        await (outside or guarded)(scope, receive, send)

    return console
