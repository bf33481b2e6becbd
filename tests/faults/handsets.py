"""What the handsets show, read again and again: the network keeps the last 200 texts of each, and only in memory."""

import http.client
import threading
from dataclasses import dataclass

from faults.supervised import Supervised

READ_EVERY_S = 0.7


@dataclass(frozen=True)
class Shown:
    """A text on a handset; `at` is when it came, UTC in ISO 8601."""

    id: str
    sid: str
    pair: tuple[str, str]
    body: str
    at: str


class Handsets:
    """Every text that any of these handsets ever showed, in the order of arrival."""

    def __init__(self, installation: Supervised, numbers: list[str]) -> None:
        self._installation = installation
        self._numbers = numbers
        self.takes_repeats = True
        self._shown: dict[str, Shown] = {}
        self._reading = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.make()
        self._thread.start()

    def make(self) -> None:
        """Make the handsets, on a network that does not know a repeated text: most carriers do not."""
        for number in self._numbers:
            self._installation.simulator("POST", "/handsets", {"number": number})
        if self.takes_repeats:
            self._installation.simulator("POST", "/faults", {"kind": "take_repeats"})

    def are_back(self) -> bool:
        """True when the network answers."""
        try:
            return bool(self._installation.simulator("GET", "/handsets"))
        except (OSError, http.client.HTTPException):
            return False

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def read(self) -> list[Shown]:
        """Look at all handsets now."""
        with self._reading:
            for number in self._numbers:
                for text in self._installation.simulator("GET", f"/handsets/{number}/messages")["messages"]:
                    shown = Shown(text["id"], text["sid"] or "", (text["from"], text["to"]), text["body"], text["at"])
                    if text["status"] == "delivered":
                        self._shown.setdefault(shown.id, shown)
            return list(self._shown.values())

    def _run(self) -> None:
        while not self._ended.wait(READ_EVERY_S):
            try:
                self.read()
            except (OSError, http.client.HTTPException, AssertionError):
                continue  # The network is away: the next look sees what there is then.
