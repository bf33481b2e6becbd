"""Requests to the API in this process."""

from typing import Protocol

import msgspec

from ringfence.domain.clock import Clock
from ringfence.testing.asgi_program import ask_app
from ringfence.testing.driver import Driver
from ringfence.testing.journal import Journal
from ringfence.testing.platform import Platform
from ringfence.testing.programs import Answered, Asked


class Asks(Protocol):
    """Answers what stock clients ask."""

    def ask(self, asked: Asked) -> Answered:
        """The answer."""


class ApiRequests:
    """What an HTTP client of the platform stands on."""

    def __init__(self, driver: Driver, platform: Platform, clock: Clock, journal: Journal) -> None:
        self._driver = driver
        self._platform = platform
        self._clock = clock
        self._journal = journal

    def ask(self, asked: Asked) -> Answered:
        """The answer, after which everything that follows from it has happened too."""
        self._driver.step()
        answered = self._driver.run_request(ask_app(self._platform.app, asked))
        if answered.raised is not None:
            raise answered.raised
        self._journal.write(self._clock.now_ms(), f"{asked.method} {_short(asked.path)} → {_outcome(answered)}")
        self._driver.settle()
        return answered


class _Told(msgspec.Struct):
    sid: str = ""
    code: int = 0
    message: str = ""


def _outcome(answered: Answered) -> str:
    try:
        told = msgspec.json.decode(answered.body, type=_Told) if answered.body else _Told()
    except msgspec.DecodeError:
        told = _Told()
    if answered.status >= 400:
        return f"{answered.status} error {told.code} {told.message}".rstrip()
    return f"{answered.status} {told.sid}".rstrip()


def _short(path: str) -> str:
    """A path without the part that every one has."""
    parts = path.split("/")
    return "/".join(parts[4:]) if parts[1:3] == ["2010-04-01", "Accounts"] and len(parts) > 4 else path
