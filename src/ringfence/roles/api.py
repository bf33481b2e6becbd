"""A process of the API: it serves the public port, alone or with others."""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from ringfence.api.access_intake import AccessIntake
from ringfence.api.app import create_app
from ringfence.api.dependencies import ApiDependencies, Limits
from ringfence.api.parcels import Parcels
from ringfence.carriers.simulator.carrier import NAME as SIMULATOR
from ringfence.domain.turn_credentials import IceServers
from ringfence.http.unix_proxy import UnixProxy
from ringfence.ipc.client import Client
from ringfence.ipc.live import LiveFeed, serve_live
from ringfence.kms.client import ApiKeyClient, LedgerClient
from ringfence.media.recording_files import RecordingFolder
from ringfence.roles.api_siblings import parcel_verbs, parcels_elsewhere
from ringfence.roles.asn_file import asn_networks
from ringfence.roles.bounded_http import BoundedHttp
from ringfence.roles.call_limits import call_limits
from ringfence.roles.composition import compose_calling, compose_factoring, compose_messaging, compose_verifying
from ringfence.roles.fraud import fraud_watch
from ringfence.roles.listeners import BACKLOG, widen
from ringfence.roles.mail import mail_route
from ringfence.roles.metrics import metrics_registry
from ringfence.roles.number_sources import number_source
from ringfence.roles.own_rates import queue_limit_of, rates_of
from ringfence.roles.pacing import settle
from ringfence.roles.process import RoleProcess
from ringfence.roles.proxies import behind_proxies
from ringfence.roles.push_sender import push_sender
from ringfence.roles.settings import Settings
from ringfence.roles.silent_network import silent_network
from ringfence.roles.stores import open_store
from ringfence.roles.verify_templates import verify_templates
from ringfence.roles.voice_extra import missing_for_calls
from ringfence.roles.wakes import Wakes, every_dispatcher, every_voice
from ringfence.usecases.operations.heed_rates import heed_rates

SIMULATOR_PREFIXES = ("/phones", "/simulator")
IDLE_CONNECTION_S = 75


async def run(settings: Settings, process: RoleProcess) -> None:
    """Serve the listeners the supervisor bound, until cancelled."""
    rates = rates_of(settings)
    async with contextlib.AsyncExitStack() as stack:
        store = await open_store(settings)
        stack.push_async_callback(store.close)
        client = Client(settings.socket("kms-api"))
        stack.push_async_callback(client.close)
        wake = await stack.enter_async_context(every_dispatcher(settings))

        live = LiveFeed()
        parcels = Parcels()
        elsewhere = await stack.enter_async_context(parcels_elsewhere(settings, process.name))
        verbs = parcel_verbs(parcels, process.clock)
        watching = await serve_live(settings.socket(f"live-{process.name}"), live, detours=False, more=verbs)
        stack.push_async_callback(watching.close)
        keys = ApiKeyClient(client, process.clock)
        calling = None
        both = None
        if not missing_for_calls():
            voices = await stack.enter_async_context(every_voice(settings))
            both = Wakes([voices, wake])
            calling = compose_calling(
                store,
                keys,
                process.clock,
                both,
                RecordingFolder(settings.recordings),
                magic_numbers=settings.dev,
                limits=call_limits(settings),
            )
        app = create_app(
            ApiDependencies(
                store=store,
                keys=keys,
                freeze_notes=keys,
                clock=process.clock,
                registry=metrics_registry(),
                base_url=settings.url,
                call_countries=call_limits(settings).home,
                ice_servers=IceServers(urls=settings.ice_servers, secret=settings.turn_secret),
                front_page="/phones" if settings.dev else "",
                mounts=_simulator(settings),
                sip_domain=settings.sip_domain,
                onlookers=live,
                parcels=parcels,
                parcel_elsewhere=elsewhere,
                messaging=compose_messaging(
                    store,
                    keys,
                    process.clock,
                    wake,
                    carrier=SIMULATOR,
                    magic_numbers=settings.dev,
                    queue_limit_of=queue_limit_of(settings, rates),
                ),
                calling=calling,
                verifying=compose_verifying(
                    store,
                    keys,
                    process.clock,
                    wake,
                    carrier=SIMULATOR,
                    stock_sender=settings.dev,
                    voices=both,
                    limits=call_limits(settings),
                    guard=fraud_watch(settings, store, keys),
                    mail=mail_route(settings),
                    whatsapp=settings.dev,
                    silent=silent_network(settings, stack),
                    templates=verify_templates(settings),
                    networks=asn_networks(settings),
                ),
                factoring=compose_factoring(store, keys, process.clock, wake, push=push_sender(settings, stack)),
                intelligence=await number_source(settings, process.clock, stack),
                limits=Limits(account_rps=settings.api_rate_rps),
                records=LedgerClient(client),
            )
        )
        server = _Server(
            uvicorn.Config(
                behind_proxies(app, settings),
                http=BoundedHttp,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=IDLE_CONNECTION_S,
                timeout_graceful_shutdown=2,
            ),
            process,
        )
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(heed_rates(store, rates.allow), name="allowed rates"),
                tasks.create_task(AccessIntake(store, keys, process.clock).keep_taking(), name="access"),
            ]
            await server.serve(sockets=widen(process.listeners))
            for each in beside:
                each.cancel()


def _simulator(settings: Settings) -> dict[str, ASGIApp]:
    if not settings.dev:
        return {}
    proxy = UnixProxy(settings.socket("simulator-http"), SIMULATOR_PREFIXES)
    return dict.fromkeys(SIMULATOR_PREFIXES, proxy)


class _Server(uvicorn.Server):
    """uvicorn that tells its supervisor when it serves. Signals are the role's affair, not the server's."""

    def __init__(self, config: uvicorn.Config, process: RoleProcess) -> None:
        super().__init__(config)
        self._process = process

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        settle()
        self._process.ready()
        await super().main_loop()
