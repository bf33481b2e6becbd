"""The whole of the public port: the API, what watches it, and what the process mounts beside it."""

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.api import ledger_files
from ringfence.api.accounts_v1.auth_tokens import auth_tokens
from ringfence.api.accounts_v1.public_keys import public_keys
from ringfence.api.conversations_v1.credentials import push_credentials
from ringfence.api.dependencies import ApiDependencies
from ringfence.api.host_guard import HostGuard
from ringfence.api.iam_v1.keys import keys as iam_keys
from ringfence.api.invite_page import PREFIX as INVITE_PREFIX
from ringfence.api.invite_page import invite_page
from ringfence.api.lookups_v1.phone_numbers import phone_numbers_v1
from ringfence.api.lookups_v2.batch import batch
from ringfence.api.lookups_v2.overrides import overrides
from ringfence.api.lookups_v2.phone_numbers import phone_numbers as looked_up
from ringfence.api.lookups_v2.rate_limits import rate_limits
from ringfence.api.messaging_v1.phone_numbers import phone_numbers
from ringfence.api.messaging_v1.services import services
from ringfence.api.resource import Operation
from ringfence.api.ringfence_v1.call_timeline import call_timeline
from ringfence.api.ringfence_v1.challenge_timeline import challenge_timeline
from ringfence.api.ringfence_v1.client_validation import client_validation
from ringfence.api.ringfence_v1.key_limits import access, key_limits
from ringfence.api.ringfence_v1.ledger import ledger
from ringfence.api.ringfence_v1.notice_address import notice_address
from ringfence.api.ringfence_v1.parcels import parcels
from ringfence.api.ringfence_v1.phishing_report import report as phishing_report
from ringfence.api.ringfence_v1.retention_duties import retention_duties
from ringfence.api.ringfence_v1.timeline import timeline
from ringfence.api.ringfence_v1.verification_timeline import verification_timeline
from ringfence.api.ringfence_v1.verify_services import verify_services as own_of_verify_services
from ringfence.api.timeline_page import PREFIX, timeline_page
from ringfence.api.v2010.accounts import accounts
from ringfence.api.v2010.applications import applications
from ringfence.api.v2010.available_phone_numbers import available_by_kind, countries
from ringfence.api.v2010.call_events import call_events
from ringfence.api.v2010.call_recordings import call_recordings
from ringfence.api.v2010.calls import calls
from ringfence.api.v2010.incoming_phone_numbers import incoming_by_kind, incoming_phone_numbers
from ringfence.api.v2010.keys import keys
from ringfence.api.v2010.media import media
from ringfence.api.v2010.messages import messages
from ringfence.api.v2010.notifications import call_notifications, notifications
from ringfence.api.v2010.recordings import recordings
from ringfence.api.v2010.sip_credentials import credential_lists, credentials
from ringfence.api.v2010.sip_domains import domains
from ringfence.api.v2010.sip_ip_lists import ip_addresses, ip_lists
from ringfence.api.v2010.sip_mappings import mappings
from ringfence.api.v2010.tokens import tokens
from ringfence.api.verify_v2.access_tokens import access_tokens
from ringfence.api.verify_v2.attempts import attempts, attempts_summary
from ringfence.api.verify_v2.buckets import buckets
from ringfence.api.verify_v2.challenges import challenges
from ringfence.api.verify_v2.entities import entities
from ringfence.api.verify_v2.factors import factors
from ringfence.api.verify_v2.forms import forms
from ringfence.api.verify_v2.messaging_configurations import messaging_configurations
from ringfence.api.verify_v2.notifications import notifications as challenge_notifications
from ringfence.api.verify_v2.passkeys import passkeys
from ringfence.api.verify_v2.rate_limits import rate_limits as verify_rate_limits
from ringfence.api.verify_v2.safe_list import safe_list
from ringfence.api.verify_v2.services import services as verify_services
from ringfence.api.verify_v2.templates import templates
from ringfence.api.verify_v2.verification_check import verification_check
from ringfence.api.verify_v2.verifications import verifications
from ringfence.api.verify_v2.webhooks import webhooks
from ringfence.api.voice_v1.dialing_permissions import permitted, prefixes, updates
from ringfence.api.voice_v1.settings import settings
from ringfence.api.wire import Wire

RESOURCES = (
    messages,
    media,
    calls,
    call_events,
    call_notifications,
    notifications,
    tokens,
    applications,
    accounts,
    keys,
    incoming_phone_numbers,
    *incoming_by_kind,
    countries,
    *available_by_kind,
    services,
    phone_numbers,
    domains,
    credential_lists,
    credentials,
    ip_lists,
    ip_addresses,
    *mappings,
    recordings,
    call_recordings,
    permitted,
    prefixes,
    updates,
    settings,
    verify_services,
    verify_rate_limits,
    buckets,
    messaging_configurations,
    webhooks,
    attempts_summary,
    attempts,
    safe_list,
    templates,
    verifications,
    verification_check,
    entities,
    factors,
    challenges,
    challenge_notifications,
    passkeys,
    access_tokens,
    push_credentials,
    forms,
    looked_up,
    batch,
    overrides,
    rate_limits,
    phone_numbers_v1,
    iam_keys,
    auth_tokens,
    public_keys,
)
_WATCHED = ("/healthz", "/readyz", "/metrics")


def operations() -> list[Operation]:
    """Every operation that is finished."""
    return [operation for resource in RESOURCES for operation in resource.operations]


def own_operations() -> list[Operation]:
    """Those that Twilio does not have."""
    own = (
        timeline,
        call_timeline,
        verification_timeline,
        challenge_timeline,
        own_of_verify_services,
        phishing_report,
        parcels,
        ledger,
        retention_duties,
        key_limits,
        access,
        client_validation,
        notice_address,
    )
    return [operation for resource in own for operation in resource.operations]


def create_app(deps: ApiDependencies) -> ASGIApp:
    """The ASGI app of the public port. `deps.mounts` are asked first, by path prefix; the API answers the rest."""
    return Front(deps, Wire(deps, [*operations(), *own_operations()]), Watch(deps))


class Front:
    """Tells the API's requests, which are nearly all, from the few others by their path."""

    def __init__(self, deps: ApiDependencies, wire: ASGIApp, watch: ASGIApp) -> None:
        self._wire = wire
        self._watch = watch
        self._watched = (*_WATCHED, "/") if deps.front_page else _WATCHED
        timeline = timeline_page(deps.parcels, deps.clock.now_ms, deps.parcel_elsewhere)
        invite = invite_page(deps.store, deps.keys, deps.clock)
        watched = {}
        if deps.records is not None:
            watched[ledger_files.PREFIX] = _guarded(ledger_files.ledger_files(deps.records, deps.clock), deps)
        mounts = {PREFIX: _guarded(timeline, deps), INVITE_PREFIX: _guarded(invite, deps), **watched, **deps.mounts}
        self._mounts = tuple((prefix, prefix.rstrip("/") + "/", app) for prefix, app in mounts.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app_at(scope["path"])(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._watch(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _app_at(self, path: str) -> ASGIApp:
        if path in self._watched:
            return self._watch
        for prefix, below, app in self._mounts:
            if path == prefix or path.startswith(below):
                return app
        return self._wire


def _guarded(app: ASGIApp, deps: ApiDependencies) -> ASGIApp:
    return HostGuard(app, [urlsplit(deps.base_url).hostname])


class Watch:
    """What watches the process: whether it lives, whether it is ready, its figures."""

    def __init__(self, deps: ApiDependencies) -> None:
        answers: dict[str, Callable[[ApiDependencies, Request], Awaitable[Response]]] = {
            "/healthz": _healthz,
            "/readyz": _readyz,
            "/metrics": _metrics,
            "/": _front_page,
        }
        self._app = Starlette(routes=[Route(path, partial(answer, deps)) for path, answer in answers.items()])
        self._guarded = _guarded(self._app, deps)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Who checks whether this lives may call it what it likes, and learns no more than that.
        await (self._guarded if scope.get("path") == "/metrics" else self._app)(scope, receive, send)


async def _front_page(deps: ApiDependencies, _: Request) -> Response:
    """Where a person goes who typed the address alone."""
    return RedirectResponse(deps.front_page)


async def _healthz(_: ApiDependencies, __: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def _readyz(deps: ApiDependencies, _: Request) -> Response:
    """A text would be accepted now: 503 otherwise."""
    ready = await deps.store.ready()
    return JSONResponse({"status": "ready" if ready else "store not ready"}, 200 if ready else 503)


async def _metrics(deps: ApiDependencies, _: Request) -> Response:
    return Response(generate_latest(deps.registry), headers={"content-type": CONTENT_TYPE_LATEST})
