"""The dispatcher's process: sender queues to the carrier, the carrier's news to the store, events to webhooks."""

import asyncio
import contextlib

import msgspec

from ringfence.carriers.simulator.link import SimulatorCarrier
from ringfence.dispatch.bells import Bells
from ringfence.dispatch.duty_notices import tell_duties
from ringfence.dispatch.freeze_notices import tell_freezes
from ringfence.dispatch.ledger_gaps import GapWatch
from ringfence.dispatch.watched_carrier import WatchedCarrier
from ringfence.dispatch.witness_rounds import WitnessRounds
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, EgressPolicy, production
from ringfence.ipc.client import Client
from ringfence.ipc.live import LiveFeed, serve_live
from ringfence.kms.client import DispatcherKeyClient
from ringfence.roles.composition import compose_dispatching
from ringfence.roles.mail import mailer_of
from ringfence.roles.metrics import metrics_registry
from ringfence.roles.own_rates import rates_of
from ringfence.roles.pacing import settle
from ringfence.roles.process import RoleProcess
from ringfence.roles.process_states import SocketStates
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.stores import dispatcher_name, open_store
from ringfence.roles.wakes import Wakes, other_dispatchers
from ringfence.roles.witness_file import WitnessFile, parse_witnesses
from ringfence.usecases.access.tell_duties import DutyNotices
from ringfence.usecases.access.tell_notices import FreezeNotices
from ringfence.usecases.operations.heed_rates import heed_rates
from ringfence.usecases.operations.tell_carriers import CarrierTelling
from ringfence.usecases.operations.watch import Watch


async def run(settings: Settings, process: RoleProcess) -> None:
    """Deliver until cancelled. RefusalError in production, which has no carrier yet."""
    if not settings.dev:
        raise RefusalError("production needs a carrier, and none is built yet", 'set mode = "dev"')
    async with contextlib.AsyncExitStack() as stack:
        store = await open_store(settings)
        stack.push_async_callback(store.close)
        client = Client(settings.socket("kms-dispatcher"))
        stack.push_async_callback(client.close)
        http = PooledClient(EgressGuard(egress_policy(settings)))
        stack.push_async_callback(http.close)
        live = LiveFeed()
        watching = await serve_live(settings.socket("live-dispatcher"), live, detours=settings.dev)
        stack.push_async_callback(watching.close)
        bells = Bells()
        others = await stack.enter_async_context(other_dispatchers(settings, process.clock, bells.ring))
        keys = DispatcherKeyClient(client)
        owner = dispatcher_name(settings)
        rates = rates_of(settings)
        simulator = WatchedCarrier(SimulatorCarrier(settings.socket("simulator")), process.clock, owner=owner)
        relay = mailer_of(settings, process.clock)
        mailer = None if relay is None else WatchedCarrier(relay, process.clock, owner=owner, kind="mails")
        carriers = [simulator, *([] if mailer is None else [mailer])]
        telling = CarrierTelling(store, process.clock, lambda: [each.state() for each in carriers])
        watch = Watch(store, store, SocketStates(settings), process.clock)
        dispatching = compose_dispatching(
            store,
            keys,
            simulator,
            http,
            process.clock,
            owner=owner,
            base_url=settings.url,
            rates=rates,
            bells=bells,
            wake=Wakes([bells, others]),
            webhook_detail=settings.webhook_detail,
            onlookers=live,
            detours=live,
            codes=keys,
            mailer=mailer,
        )
        witnesses = WitnessRounds(
            parse_witnesses(settings.ledger_witnesses),
            http,
            keys,
            WitnessFile(settings.data_dir),
            store,
            process.clock,
            metrics_registry(),
        )
        freezes = FreezeNotices(store, settings.tenant_origin)
        duties = DutyNotices(store, keys, process.clock, f"{settings.tenant_origin}/retention")
        settle()
        process.ready()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(telling.run(), name="telling of carriers")
            tasks.create_task(watch.run(), name="watch")
            tasks.create_task(heed_rates(store, rates.allow), name="allowed rates")
            tasks.create_task(witnesses.run(), name="witnesses")
            tasks.create_task(GapWatch(keys, store).run(), name="gaps of the ledger")
            tasks.create_task(tell_freezes(freezes, bells), name="notices of freezes")
            tasks.create_task(tell_duties(duties, bells), name="notices of duties")
            await dispatching.run()


def egress_policy(settings: Settings) -> EgressPolicy:
    """Where webhooks may go: in dev to loopback and private networks too. RefusalError for an entry that is none."""
    try:
        policy = production(settings.egress_allow, settings.egress_ports)
    except ValueError as error:
        raise RefusalError(f"egress_allow: {error}", "write 10.0.0.0/8, 192.0.2.7 or a host name") from None
    return msgspec.structs.replace(policy, private=settings.dev)
