"""The voices that this machine has."""

from ringfence.speech.engine import Engine
from ringfence.speech.espeak import installed_engine
from ringfence.speech.piper import PiperEngine, installed_model


def installed_engines() -> list[Engine]:
    """Piper first, for its languages, then eSpeak NG for all others; none where neither is there. Starts nothing."""
    model = installed_model()
    engines: list[Engine | None] = [None if model is None else PiperEngine(model), installed_engine()]
    return [engine for engine in engines if engine is not None]
