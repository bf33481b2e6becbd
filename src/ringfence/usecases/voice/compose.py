"""How the parts of a voice process hang together, the same in its own process as in a test."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.freezes import Halts
from ringfence.ports.http import HttpClient
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.line import Lines
from ringfence.ports.media import Media
from ringfence.ports.onlookers import Detours
from ringfence.ports.program import Program
from ringfence.ports.recordings import RecordingFiles
from ringfence.ports.sound import SoundReader
from ringfence.ports.speech import Speech
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import CodeReader
from ringfence.ports.wake import Wake
from ringfence.usecases.voice.brakes import BrakeLimits, Brakes
from ringfence.usecases.voice.desk import Desk, Standing, Texts
from ringfence.usecases.voice.dial import DialRun
from ringfence.usecases.voice.inbound_config import Domains, InboundConfigs
from ringfence.usecases.voice.kept_ends import KeptEnds
from ringfence.usecases.voice.legs import Legs
from ringfence.usecases.voice.live_calls import LiveCalls
from ringfence.usecases.voice.operator import CallOperator
from ringfence.usecases.voice.party_call import PartyCalls
from ringfence.usecases.voice.place_call import CallPlacer
from ringfence.usecases.voice.recording_links import RecordingLinks
from ringfence.usecases.voice.sounds import Sounds
from ringfence.usecases.voice.step_writer import StepWriter
from ringfence.usecases.voice.take_call import CallTaker
from ringfence.usecases.voice.written_sound import WrittenSound


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """What a voice process runs. `legs` takes what media workers say."""

    desk: Desk
    legs: Legs
    live: LiveCalls
    operator: CallOperator


def compose_calls(
    *,
    store: Store,
    keys: DeliveryKeys,
    clock: Clock,
    lines: Lines,
    media: Media,
    program: Program,
    texts: Texts,
    standing: Standing,
    domains: Domains,
    wake: Wake,
    http: HttpClient,
    reader: SoundReader,
    speech: Speech,
    halts: Halts,
    legs: Legs,
    base_url: str,
    owner: str,
    encodings: tuple[str, ...] = ("PCMU", "PCMA"),
    max_calls: int = 10_000,
    files: RecordingFiles | None = None,
    limits: BrakeLimits | None = None,
    unheld_rings: bool = False,
    codes: CodeReader | None = None,
    detours: Detours | None = None,
) -> Calls:
    """All of a voice process, over its ports. `legs` is told what media workers say.

    `detours` say where calls to a number are answered meanwhile.
    """
    desk = Desk(
        store=store,
        keys=keys,
        clock=clock,
        lines=lines,
        media=media,
        program=program,
        texts=texts,
        standing=standing,
        wake=wake,
        sounds=Sounds(http, reader, speech, clock),
        legs=legs,
        steps=StepWriter(store, clock),
        brakes=Brakes(store, clock, limits),
        ends=KeptEnds(keys),
        halts=halts,
        links=RecordingLinks(keys, clock, base_url),
        written=WrittenSound(files),
        owner=owner,
        encodings=encodings,
        unheld_rings=unheld_rings,
        codes=codes,
    )
    live = LiveCalls(desk)
    parties = PartyCalls(desk, live)
    live.make_dialer = lambda host, verb, token: DialRun(desk, host, verb, token, parties)
    taker = CallTaker(desk, live, InboundConfigs(store, standing, domains, detours))
    operator = CallOperator(desk, live, taker, CallPlacer(desk, live), max_calls=max_calls)
    return Calls(desk=desk, legs=legs, live=live, operator=operator)
