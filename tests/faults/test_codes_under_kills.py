"""SIGKILL of the api while codes are started and checked: no check is given back, and no sending is unknown."""

import http.client
import json
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from faults.supervised import Supervised, is_alive, until

STRIKES = 5
MAX_CHECKS = MAX_SENDS = 5
CHECKED = [f"+1{area}5550177" for area in (202, 212, 213, 303)]
ENTERED = [f"+1{area}5550177" for area in (305, 312, 404, 415)]
STARTED = [f"+1{area}5550177" for area in (503, 512, 602, 617)]
LOST = (ConnectionError, http.client.HTTPException, OSError)

pytestmark = pytest.mark.slow


class Codes:
    """A Verify service of a real installation, asked as its program asks, and what its customers' handsets show."""

    def __init__(self, up: Supervised) -> None:
        self.up = up
        _, made = self.ask("POST", "/v2/Services", FriendlyName="Fade & Co")
        self.service = made["sid"]
        for number in (*CHECKED, *ENTERED, *STARTED):
            up.simulator("POST", "/handsets", {"number": number})

    def ask(self, method: str, path: str, **form: str) -> tuple[int, Any]:
        """Status and answer; one of `LOST` where there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=20)
        try:
            headers = {"Authorization": self.up.authorization(), "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, f"/verify{path}", urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def start(self, to: str) -> tuple[int, Any]:
        return self.ask("POST", f"/v2/Services/{self.service}/Verifications", To=to, Channel="sms")

    def check(self, to: str, code: str) -> tuple[int, Any]:
        return self.ask("POST", f"/v2/Services/{self.service}/VerificationCheck", To=to, Code=code)

    def made(self, to: str) -> int:
        """How many attempts are noted; refused ones (60203) are, too, and nothing was sent for them."""
        status, listed = self.ask("GET", f"/v2/Attempts?{urlencode({'ChannelData.To': to})}")
        assert status == 200, listed
        return sum("error_code" not in attempt["channel_data"] for attempt in listed["attempts"])

    def texts(self, number: str) -> list[str]:
        return [text["body"] for text in self.up.simulator("GET", f"/handsets/{number}/messages")["messages"]]

    def code(self, number: str) -> str:
        until(lambda: bool(self.texts(number)), 20, "a code came")
        found = re.search(r"[0-9]{6}", self.texts(number)[-1])
        assert found is not None
        return found[0]

    def strike(self) -> None:
        """SIGKILL for the api, and wait until the next one answers."""
        pid = self.up.signal("api", signal.SIGKILL)
        until(lambda: not is_alive(pid), 5, "the killed process is gone")
        until(self.answers, 30, "the api is back")

    def answers(self) -> bool:
        try:
            return self.ask("GET", f"/v2/Services/{self.service}")[0] == 200
        except LOST:
            return False


@pytest.fixture(scope="module")
def codes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Codes]:
    up = Supervised(Path(tmp_path_factory.mktemp("codes")))
    up.start()
    yield Codes(up)
    up.stop()


class Crowd:
    """Threads that do one thing again and again until they are dismissed; what each answer was is kept."""

    def __init__(self, act: Callable[[int], tuple[str, int, Any]], size: int = 4) -> None:
        self._over = threading.Event()
        self.answered: list[tuple[str, int, Any]] = []
        self.lost = 0
        self._threads = [threading.Thread(target=self._work, args=(act, n)) for n in range(size)]

    def _work(self, act: Callable[[int], tuple[str, int, Any]], turn: int) -> None:
        while not self._over.is_set():
            try:
                self.answered.append(act(turn))
            except LOST:
                self.lost += 1
            turn += len(self._threads)

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self._threads)


def test_no_check_is_given_back(codes: Codes) -> None:
    right = {}
    for number in CHECKED:
        assert codes.start(number)[0] == 201
        right[number] = codes.code(number)

    def wrong(turn: int) -> tuple[str, int, Any]:
        number = CHECKED[turn % len(CHECKED)]
        guess = f"{(int(right[number]) + 1 + turn) % 1_000_000:06}"
        return (number, *codes.check(number, guess if guess != right[number] else f"{turn % 10}00000"))

    with Crowd(wrong) as crowd:
        for _ in range(STRIKES):
            codes.strike()
    counted = Counter(number for number, status, _ in crowd.answered if status == 200)
    assert counted
    assert max(counted.values()) <= MAX_CHECKS, counted
    for number in CHECKED:
        answers = [codes.check(number, f"{(int(right[number]) + 7) % 1_000_000:06}") for _ in range(MAX_CHECKS + 1)]
        assert answers[-1][1]["code"] == 60202
        assert codes.check(number, right[number])[1]["code"] == 60202


def test_a_code_is_approved_once(codes: Codes) -> None:
    for number in ENTERED:
        assert codes.start(number)[0] == 201
    right = {number: codes.code(number) for number in ENTERED}

    def enter(turn: int) -> tuple[str, int, Any]:
        number = ENTERED[turn // 4 % len(ENTERED)]
        return (number, *codes.check(number, right[number]))

    with Crowd(enter) as crowd:
        for _ in range(STRIKES):
            codes.strike()
    approved = Counter(number for number, status, answer in crowd.answered if status == 200 and answer["valid"])
    assert all(times == 1 for times in approved.values()), approved
    # Where the answer was lost the code is used up all the same.
    for number in ENTERED:
        assert codes.check(number, right[number])[0] in (404, 200)
        assert codes.check(number, right[number])[0] == 404


def test_a_start_is_noted_whatever_is_killed_and_none_is_sent_unnoted(codes: Codes) -> None:
    def start(turn: int) -> tuple[str, int, Any]:
        number = STARTED[turn % len(STARTED)]
        return (number, *codes.start(number))

    with Crowd(start) as crowd:
        for _ in range(STRIKES):
            codes.strike()
    answered = Counter(number for number, status, _ in crowd.answered if status == 201)
    assert answered
    assert {status for _, status, _ in crowd.answered} <= {201, 429, 503}, crowd.answered
    for number in STARTED:

        def arrived(number: str = number, least: int = answered[number]) -> bool:
            return len(codes.texts(number)) >= least

        until(arrived, 30, "every start that was answered has its text")
        assert answered[number] <= codes.made(number) <= MAX_SENDS
        assert len(codes.texts(number)) <= codes.made(number)
        # The number is not stuck: it is sent again, or says that it was sent five times.
        status, again = codes.start(number)
        assert status == 201 or (status, again["code"]) == (429, 60203), again
