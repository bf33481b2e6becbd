"""The desk where speech is ordered: finds a voice for each phrase, joins the sounds, and remembers them for a while."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence

from ringfence.domain.ssml import Break, Phrase
from ringfence.ports.speech import SpeechFailedError, Utterance
from ringfence.speech.engine import Engine
from ringfence.speech.wav import Sound, write_wav

MAX_CHARACTERS = 4_096
MAX_KEPT_BYTES = 48 << 20
MAX_WAITING = 64
# Of one account: others have something to say too.
MAX_OWN_WAITING = 32
# All pauses of one utterance: a document has room for hours of them.
MAX_REST_MS = 120_000
# Words are content: they stay in memory while calls repeat them, and no longer.
KEPT_S = 60.0


class SpeechDesk:
    """Implements `ports.speech.Speech`. The first engine that speaks a phrase's language is asked."""

    def __init__(self, engines: Sequence[Engine], *, max_kept_bytes: int = MAX_KEPT_BYTES) -> None:
        self._engines = tuple(engines)
        self._max_kept_bytes = max_kept_bytes
        self._kept: OrderedDict[Utterance, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._timers: dict[Utterance, asyncio.TimerHandle] = {}
        self._under_way: dict[Utterance, asyncio.Task[bytes]] = {}

    async def say(self, utterance: Utterance) -> bytes:
        """A WAV file; the same words at the same time are rendered once. SpeechFailedError."""
        kept = self._kept.get(utterance)
        if kept is not None:
            self._kept.move_to_end(utterance)
            self._forget_later(utterance)
            return kept
        task = self._under_way.get(utterance)
        if task is None:
            self._check(utterance)
            task = asyncio.create_task(self._render(utterance), name="speech")
            self._under_way[utterance] = task
            task.add_done_callback(lambda done: self._rendered(utterance, done))
        # One of several who wait for it may give up: the others still get it.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Give up what is under way and end the engines. Idempotent."""
        for utterance in list(self._kept):
            self._forget(utterance)
        for task in list(self._under_way.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, SpeechFailedError):
                await task
        for engine in self._engines:
            await engine.close()

    def _check(self, utterance: Utterance) -> None:
        if len(self._under_way) >= MAX_WAITING:
            raise SpeechFailedError("too much is waiting to be spoken")
        if sum(waiting.owner == utterance.owner for waiting in self._under_way) >= MAX_OWN_WAITING:
            raise SpeechFailedError("too much of this account is waiting to be spoken")
        if sum(len(part.text) for part in utterance.spoken if isinstance(part, Phrase)) > MAX_CHARACTERS:
            raise SpeechFailedError(f"more than {MAX_CHARACTERS} characters at once")
        if sum(part.length_ms for part in utterance.spoken if isinstance(part, Break)) > MAX_REST_MS:
            raise SpeechFailedError(f"more than {MAX_REST_MS // 1_000} seconds of pauses at once")

    async def _render(self, utterance: Utterance) -> bytes:
        parts: list[Sound | Break] = []
        for part in utterance.spoken:
            parts.append(part if isinstance(part, Break) else await self._spoken(part, utterance))
        rates = {part.rate_hz for part in parts if isinstance(part, Sound)}
        if len(rates) > 1:
            raise SpeechFailedError("its languages need voices of different sample rates")
        rate_hz = rates.pop() if rates else 8_000
        return write_wav(Sound(rate_hz, b"".join(_samples(part, rate_hz) for part in parts)))

    async def _spoken(self, phrase: Phrase, utterance: Utterance) -> Sound:
        language = phrase.language or utterance.language
        engine = next((engine for engine in self._engines if engine.speaks(language)), None)
        if engine is None:
            raise SpeechFailedError("no voice is installed that speaks its language")
        return await engine.render(phrase, voice=utterance.voice, language=language)

    def _rendered(self, utterance: Utterance, task: "asyncio.Task[bytes]") -> None:
        del self._under_way[utterance]
        if task.cancelled() or task.exception() is not None:
            return
        self._kept[utterance] = task.result()
        self._kept_bytes += len(task.result())
        self._forget_later(utterance)
        while self._kept_bytes > self._max_kept_bytes:
            self._forget(next(iter(self._kept)))

    def _forget_later(self, utterance: Utterance) -> None:
        if (timer := self._timers.pop(utterance, None)) is not None:
            timer.cancel()
        self._timers[utterance] = asyncio.get_running_loop().call_later(KEPT_S, self._forget, utterance)

    def _forget(self, utterance: Utterance) -> None:
        self._kept_bytes -= len(self._kept.pop(utterance))
        self._timers.pop(utterance).cancel()


def _samples(part: Sound | Break, rate_hz: int) -> bytes:
    return bytes(2 * (part.length_ms * rate_hz // 1_000)) if isinstance(part, Break) else part.samples
