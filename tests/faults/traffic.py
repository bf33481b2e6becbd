"""Steady traffic through the API: one caller a pair of sender and recipient, one text after the other."""

import http.client
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from faults.supervised import Supervised

PAUSE_AFTER_FAILURE_S = 0.02


@dataclass
class Sent:
    """One attempt to send. `sid` only where the answer was 201: else it was refused, or nothing is known of it."""

    pair: tuple[str, str]
    number: int
    body: str
    began_s: float
    ended_s: float = 0.0
    sid: str = ""
    status: int = 0


@dataclass
class Traffic:
    """Texts at `rate_per_pair` a second for each pair, until stopped. Each attempt has words of its own."""

    installation: Supervised
    pairs: list[tuple[str, str]]
    name: str
    callback: str
    rate_per_pair: float = 8.0
    sent: list[Sent] = field(default_factory=list)

    def start(self) -> None:
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(pair,), daemon=True) for pair in self.pairs]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return once every caller has its last answer."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(40)

    def acknowledged(self) -> list[Sent]:
        return [text for text in self.sent if text.sid]

    def _run(self, pair: tuple[str, str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=30)
        number = 0
        next_s = time.monotonic()
        while not self._stopping.is_set():
            number += 1
            text = Sent(pair, number, f"{self.name} {pair[0][-2:]}>{pair[1][-2:]} {number}", time.monotonic())
            self.sent.append(text)
            self._send(connection, text)
            if not text.sid:
                connection.close()
                time.sleep(PAUSE_AFTER_FAILURE_S)
            next_s = max(next_s + 1 / self.rate_per_pair, time.monotonic())
            self._stopping.wait(next_s - time.monotonic())
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, text: Sent) -> None:
        sender, recipient = text.pair
        form = {"From": sender, "To": recipient, "Body": text.body}
        if self.callback:
            form["StatusCallback"] = self.callback
        headers = {
            "Authorization": self.installation.authorization(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        path = f"/2010-04-01/Accounts/{self.installation.account_sid}/Messages.json"
        try:
            connection.request("POST", path, urlencode(form), headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return
        finally:
            text.ended_s = time.monotonic()
        text.status = answer.status
        if answer.status == 201:
            text.sid = body.partition(b'"sid":"')[2][:34].decode()
            assert text.sid.startswith("SM"), body
