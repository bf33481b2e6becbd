"""The voice process: SIP's lines, the documents of calls, and their rows; their sound is the media workers'."""

import asyncio
import contextlib

from ringfence.carriers.simulator.carrier import NAME as SIMULATOR
from ringfence.domain.negotiation import PLAIN
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard
from ringfence.ipc.client import Client
from ringfence.ipc.live import LiveFeed, serve_live
from ringfence.kms.client import DispatcherKeyClient
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.line import IncomingLine, Operator
from ringfence.roles.call_limits import call_limits
from ringfence.roles.client_tokens import ClientTokens
from ringfence.roles.dispatcher import egress_policy
from ringfence.roles.pacing import settle
from ringfence.roles.process import RoleProcess
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.sip_lines import compose_lines, open_lines
from ringfence.roles.stores import open_store, voice_name
from ringfence.roles.trunk_states import TrunkStates
from ringfence.roles.voice_extra import CURE, missing_for_calls
from ringfence.roles.voices import voices_of
from ringfence.roles.wakes import every_dispatcher, voice_rung
from ringfence.usecases.access.halts import FrozenAccounts
from ringfence.usecases.access.react import Reactions
from ringfence.usecases.accounts.verify_access_token import AccessTokens
from ringfence.usecases.messaging.reply import Replier
from ringfence.usecases.operations.heed_pauses import heed_pauses
from ringfence.usecases.operations.tell_carriers import CarrierTelling
from ringfence.usecases.sip.door import SipDoor
from ringfence.usecases.voice.compose import compose_calls
from ringfence.usecases.voice.legs import Legs
from ringfence.usecases.webhooks.ask_program import ProgramCaller
from ringfence.usecases.webhooks.standing_cache import StandingCache
from ringfence.usecases.webhooks.watched_program import WatchedProgram

UNAVAILABLE = 503


async def run(settings: Settings, process: RoleProcess) -> None:
    """Run calls until cancelled; then all of them end. RefusalError without what calls need."""
    if missing := missing_for_calls():
        raise RefusalError(f"calls need {', '.join(missing)}", CURE)
    # These bring packages of the voice extra along: roles are forked from one that has imported them all.
    from ringfence.media.codecs import installed_codecs
    from ringfence.media.pool import MediaPool
    from ringfence.media.sound_file import SoundFileReader
    from ringfence.speech.desk import SpeechDesk

    async with contextlib.AsyncExitStack() as stack:
        store = await open_store(settings)
        stack.push_async_callback(store.close)
        client = Client(settings.socket("kms-dispatcher"))
        stack.push_async_callback(client.close)
        keys = DispatcherKeyClient(client)
        guard = EgressGuard(egress_policy(settings))
        http = PooledClient(guard)
        stack.push_async_callback(http.close)
        wake = await stack.enter_async_context(every_dispatcher(settings))
        speech = SpeechDesk(voices_of(settings, http, guard))
        stack.push_async_callback(speech.close)
        reader = SoundFileReader()
        stack.push_async_callback(reader.close)
        standing = StandingCache(keys, process.clock)
        legs = Legs()
        media = MediaPool(settings.media_sockets(), legs)
        door = SipDoor(
            store, standing.open, process.clock, sip_domain=settings.sip_domain, open_anew=standing.open_anew
        )
        reactions = Reactions(store, process.clock, keys)
        clients = ClientTokens(AccessTokens(store, standing, process.clock, reactions.shown))
        live = LiveFeed()
        watching = await serve_live(settings.socket("live-voice"), live, detours=settings.dev)
        stack.push_async_callback(watching.close)
        reception = _Reception()
        trunks = TrunkStates(settings, process.clock, voice_name(settings))
        lines = compose_lines(settings, reception, door, clients, process.clock, trunks.heard)
        calls = compose_calls(
            store=store,
            keys=keys,
            clock=process.clock,
            lines=lines,
            media=media,
            program=WatchedProgram(ProgramCaller(store, standing, http, process.clock), live, process.clock),
            texts=Replier(store, keys, process.clock, wake, carrier=SIMULATOR),
            standing=standing,
            domains=door,
            wake=wake,
            http=http,
            reader=reader,
            speech=speech,
            halts=FrozenAccounts(store, process.clock),
            legs=legs,
            base_url=settings.url,
            owner=voice_name(settings),
            encodings=(*installed_codecs(), *PLAIN) if settings.wideband else (*PLAIN, *installed_codecs()),
            files=RecordingFolder(settings.recordings),
            limits=call_limits(settings),
            unheld_rings=settings.dev,
            codes=keys,
            detours=live,
        )
        reception.operator = calls.operator
        bell = _Bell()
        stack.push_async_callback(lines.close)
        # Before anything runs beside it: what refuses to start must be seen for what it is.
        await open_lines(settings, lines)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(media.run(), name="media")
            tasks.create_task(lines.run(), name="lines")
            if settings.trunk:
                telling = CarrierTelling(store, process.clock, trunks.states)
                tasks.create_task(telling.run(), name="telling of trunks")
                tasks.create_task(heed_pauses(store, lines.pause), name="paused trunks")
            try:
                async with voice_rung(settings, bell.ring):
                    settle()
                    process.ready()
                    await calls.operator.run(bell)
            finally:
                await calls.operator.stop()


class _Reception:
    """Takes calls for an operator that comes a moment later: the lines need one first."""

    def __init__(self) -> None:
        self.operator: Operator | None = None

    def incoming(self, line: IncomingLine) -> None:
        if self.operator is None:
            line.refuse(UNAVAILABLE)
        else:
            self.operator.incoming(line)


class _Bell:
    """Rung when calls or orders wait."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_s: float | None = None) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
