"""eSpeak NG: a program that is given the words on its standard input."""

import asyncio
import sys
from pathlib import Path

import pytest

from ringfence.domain.ssml import Phrase
from ringfence.ports.speech import SpeechFailedError
from ringfence.speech.espeak import EspeakEngine, installed_engine
from ringfence.speech.wav import Sound

# Gives its arguments and its input back as sound.
ECHO = """#!{python}
import sys
from ringfence.speech.wav import Sound, write_wav
if "--voices" in sys.argv:
    print("Pty Language Age/Gender VoiceName File Other")
    print(" 5  de  --/M  German  gmw/de")
    print(" 5  en-us  --/M  English  gmw/en-US")
    sys.exit()
words = sys.stdin.read()
if words == "fail":
    sys.exit(4)
said = (" ".join(sys.argv[1:]) + "|" + words).encode()
sys.stdout.buffer.write(b"no sound" if words == "mute" else write_wav(Sound(22050, said + b" " * (len(said) % 2))))
"""


@pytest.fixture
def echo(tmp_path: Path) -> EspeakEngine:
    program = tmp_path / "espeak"
    program.write_text(ECHO.format(python=sys.executable))
    program.chmod(0o700)
    engine = installed_engine(str(program))
    assert engine is not None
    return engine


def say(engine: EspeakEngine, text: str, language: str = "de-DE", **manner: float) -> Sound:
    return asyncio.run(engine.render(Phrase(text=text, **manner), voice="", language=language))


@pytest.mark.parametrize(
    ("manner", "arguments"),
    [
        ({}, "-s 160 -a 100 -v de-de|Guten Tag"),
        ({"rate": 2.0, "volume_db": -6.0}, "-s 320 -a 50 -v de-de|Guten Tag"),
        ({"rate": 0.2, "volume_db": 12.0}, "-s 80 -a 200 -v de-de|Guten Tag"),
    ],
)
def test_rate_volume_and_language_are_its_arguments(
    echo: EspeakEngine, manner: dict[str, float], arguments: str
) -> None:
    sound = say(echo, "Guten Tag", **manner)
    assert sound.rate_hz == 22_050
    assert sound.samples.decode().strip() == f"--stdin --stdout {arguments}"


@pytest.mark.parametrize("text", ["fail", "mute"])
def test_a_failure_is_an_error_without_the_words(echo: EspeakEngine, text: str) -> None:
    with pytest.raises(SpeechFailedError) as failure:
        say(echo, text)
    assert text not in str(failure.value).replace("failed", "")


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SpeechFailedError, match="does not start"):
        say(EspeakEngine("/no/such/program", frozenset({"de"})), "Hallo")
    assert installed_engine("/no/such/program") is None


@pytest.mark.parametrize(("language", "spoken"), [("", True), ("de-DE", True), ("en-GB", True), ("fi-FI", False)])
def test_it_speaks_what_the_program_lists(echo: EspeakEngine, language: str, spoken: bool) -> None:
    assert echo.speaks(language) is spoken


def test_the_installed_program_speaks() -> None:
    engine = installed_engine()
    if engine is None:
        pytest.skip("espeak-ng is not installed")
    sound = say(engine, "Guten Tag")
    assert len(sound.samples) > sound.rate_hz // 2
