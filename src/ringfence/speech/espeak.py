"""eSpeak NG, where it is installed: a plain voice for a hundred languages, one process a phrase.

It is under the GPL and runs as a program of its own; the words go to its standard input.
"""

import asyncio
import shutil
import subprocess

from ringfence.domain.ssml import Phrase
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.wav import NotWavError, Sound, read_wav

PROGRAM = "espeak-ng"
PHRASE_LIMIT_S = 20.0
WORDS_A_MINUTE = 160
_MIN_WORDS_A_MINUTE, _MAX_WORDS_A_MINUTE = 80, 450
_AMPLITUDE = 100
_MAX_AMPLITUDE = 200


def installed_engine(program: str = PROGRAM) -> "EspeakEngine | None":
    """An engine with the languages that the program lists, or None where it is not installed. Blocks for a moment."""
    path = shutil.which(program)
    if path is None:
        return None
    listed = subprocess.run([path, "--voices"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    tags = [fields[1] for line in listed.splitlines()[1:] if len(fields := line.split()) > 1]
    return EspeakEngine(path, frozenset(tag.split("-")[0].lower() for tag in tags))


class EspeakEngine:
    """Implements `speech.engine.Engine`."""

    def __init__(self, program: str, languages: frozenset[str]) -> None:
        """`languages` are primary subtags."""
        self._program = program
        self._languages = languages

    def speaks(self, language: str) -> bool:
        return not language or language.split("-")[0].lower() in self._languages

    async def render(self, phrase: Phrase, *, voice: str, language: str) -> Sound:
        words_a_minute = round(min(max(WORDS_A_MINUTE * phrase.rate, _MIN_WORDS_A_MINUTE), _MAX_WORDS_A_MINUTE))
        amplitude = round(min(_AMPLITUDE * 10 ** (phrase.volume_db / 20), _MAX_AMPLITUDE))
        name = (language or "en-US").lower()
        arguments = ("--stdin", "--stdout", "-s", str(words_a_minute), "-a", str(amplitude), "-v", name)
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise SpeechFailedError(f"{PROGRAM} does not start: {type(error).__name__}") from None
        try:
            async with asyncio.timeout(PHRASE_LIMIT_S):
                output, _ = await process.communicate(phrase.text.encode())
        except BaseException as error:
            process.kill()
            await process.wait()
            if isinstance(error, TimeoutError):
                raise SpeechFailedError(f"{PROGRAM} took too long") from None
            raise
        if process.returncode:
            raise SpeechFailedError(f"{PROGRAM} ended with {process.returncode}")
        try:
            return read_wav(output)
        except NotWavError:
            raise SpeechFailedError(f"{PROGRAM} gave no sound") from None

    async def close(self) -> None:
        """Nothing runs between phrases."""
