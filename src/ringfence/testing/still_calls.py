"""The voice process of a test: the real use cases of calls over still lines, media and speech.

It is composed with the first call and rests while there is none, so that tests without calls pay nothing for it.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ringfence.domain.clock import Clock
from ringfence.ports.http import HttpClient
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.media import KeyPressed
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import CodeReader
from ringfence.ports.wake import Wake
from ringfence.testing.still_lines import StillLine, StillLines
from ringfence.testing.still_media import StillMedia
from ringfence.testing.still_recordings import StillRecordingFiles

if TYPE_CHECKING:
    from ringfence.usecases.voice.compose import Calls


class CarriageKeys(DeliveryKeys, CodeReader, Protocol):
    """A key service, as those who carry see it."""


class StillCalls:
    """Implements `ports.wake.Wake` for the API. `began`, `changed` and the like tell what happens on phones."""

    def __init__(
        self, store: Store, keys: CarriageKeys, http: HttpClient, clock: Clock, wake: Wake, base_url: str
    ) -> None:
        self._store = store
        self._keys = keys
        self._http = http
        self._clock = clock
        self._wake = wake
        self._base_url = base_url
        self._calls: Calls | None = None
        self._running: asyncio.Task[None] | None = None
        self._bell = _Bell()
        self._due = False
        self.began: Callable[[StillLine], None] = lambda line: None
        self.changed: Callable[[StillLine], None] = lambda line: None
        self.missed: Callable[[str], None] = lambda address: None
        self.heard: Callable[[str, str], None] = lambda leg, text: None
        self.recorded: Callable[[str, str, str, int], None] = lambda leg, sid, words, length_ms: None
        self.lines = StillLines(
            lambda line: self.began(line), lambda line: self.changed(line), lambda address: self.missed(address)
        )
        self.media = StillMedia(
            lambda leg, text: self.heard(leg, text),
            lambda leg, sid, words, length_ms: self.recorded(leg, sid, words, length_ms),
        )
        self.files = StillRecordingFiles(self.media.length_ms)

    def ring(self) -> None:
        """Something waits for whoever runs calls."""
        self._due = True
        self._begin()
        self._bell.ring()

    def leg_of(self, line: StillLine) -> str:
        """The SID of a line's call."""
        return self.media.leg_at(line.port)

    def dial(self, phone: str, to: str, *, account: str = "", application: str = "") -> None:
        """Let a phone call a number; a client calls with what its token says."""
        self._due = True
        line = self.lines.dial(phone, to, account=account, application=application)
        self._begin().operator.incoming(line)

    def press(self, line: StillLine, keys: str) -> None:
        """Press keys on a phone."""
        for key in keys:
            self._begin().legs.happened(KeyPressed(self.leg_of(line), key))

    def look(self) -> None:
        """Rest where no call is under way; what calls died of is raised."""
        if self._running is None or self._calls is None:
            return
        if self._running.done():
            self._running.result()
        if self._due:
            self._due = False
        elif not len(self._calls.live):
            self._running.cancel()
            self._running = None

    async def close(self) -> None:
        """End all calls. Idempotent."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
        if self._calls is not None:
            await self._calls.live.tasks.close()

    def _begin(self) -> "Calls":
        calls = self._calls = self._calls or self._compose()
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run(calls), name="calls")
        return calls

    async def _run(self, calls: "Calls") -> None:
        try:
            await calls.operator.run(self._bell)
        finally:
            await calls.desk.steps.close()

    def _compose(self) -> "Calls":
        from ringfence.carriers.simulator.carrier import NAME
        from ringfence.testing.still_speech import SoundWeb, StillReader, StillSpeech
        from ringfence.usecases.access.halts import FrozenAccounts
        from ringfence.usecases.messaging.reply import Replier
        from ringfence.usecases.sip.door import SipDoor
        from ringfence.usecases.voice.compose import compose_calls
        from ringfence.usecases.voice.legs import Legs
        from ringfence.usecases.webhooks.ask_program import ProgramCaller
        from ringfence.usecases.webhooks.standing_cache import StandingCache

        standing = StandingCache(self._keys, self._clock)
        legs = Legs()
        self.media.tell = legs.happened
        return compose_calls(
            store=self._store,
            keys=self._keys,
            clock=self._clock,
            lines=self.lines,
            media=self.media,
            program=ProgramCaller(self._store, standing, self._http, self._clock),
            texts=Replier(self._store, self._keys, self._clock, self._wake, carrier=NAME),
            standing=standing,
            domains=SipDoor(self._store, standing.open, self._clock, sip_domain="sip.localhost"),
            wake=self._wake,
            http=SoundWeb(self._http),
            reader=StillReader(),
            speech=StillSpeech(),
            halts=FrozenAccounts(self._store, self._clock),
            legs=legs,
            base_url=self._base_url,
            owner="test",
            codes=self._keys,
        )


class _Bell:
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
