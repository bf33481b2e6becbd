"""Telephones whose calls come and go: rows of `rtp_load.Phones` that are aimed at a leg, press a key, and rest.

One thread sends and receives, another one says what is to be done; what was received is handed over a span at a time,
so that nothing is kept for as long as a soak runs.
"""

import collections
import socket
import threading

import numpy as np
from rtp_load import PACKET, Phones

EVENT_TYPE = 101
EVENT_BYTES = 16
# A key's packets: its end, and its length in samples.
_KEY = ((0, 160), (0, 320), (0x80, 480), (0x80, 480), (0x80, 480))

Span = tuple[np.ndarray, np.ndarray, np.ndarray]


class SoakPhones(Phones):
    """`count` telephones that send to nobody until they are aimed."""

    def __init__(self, count: int, payload: np.ndarray) -> None:
        super().__init__(count, payload)
        # Where a telephone at rest sends to: a socket of ours that nobody reads.
        self._nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._nobody.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self._nobody.bind(("127.0.0.1", 0))
        self.dial([self._nobody.getsockname()[1]] * count)
        self._stop = threading.Event()
        self._orders: collections.deque[tuple[int, int]] = collections.deque()
        self._keys: dict[int, tuple[int, int, int]] = {}
        self._wanted = threading.Event()
        self._given = threading.Event()
        self._span: Span | None = None

    def aim(self, row: int, port: int) -> None:
        """Let a telephone send to this port from now on."""
        self._send.names[row, 2:4] = np.frombuffer(port.to_bytes(2, "big"), np.uint8)

    def rest(self, row: int) -> None:
        self.aim(row, self._nobody.getsockname()[1])

    def press(self, row: int, digit: int) -> None:
        """Let a telephone press a key instead of the next packets of its sound."""
        self._orders.append((row, digit))

    def run_on(self) -> None:
        """Send and receive until `stop`."""
        while not self._stop.is_set():
            self.run(1.0)

    def stop(self) -> None:
        self._stop.set()

    def span(self) -> Span | None:
        """What came since the last time; None where nothing did. It waits for the other thread."""
        self._given.clear()
        self._wanted.set()
        if not self._given.wait(5):
            return None
        return self._span

    def _next_packets(self) -> None:
        super()._next_packets()
        if self._wanted.is_set():
            self._hand_over()
        while self._orders:
            row, digit = self._orders.popleft()
            began = int.from_bytes(self._send.data[row, 4:8].tobytes(), "big")
            self._keys[row] = (digit, 0, began)
        for row, (digit, step, began) in list(self._keys.items()):
            self._write_key(row, digit, step, began)

    def _write_key(self, row: int, digit: int, step: int, began: int) -> None:
        if step == len(_KEY):
            self._send.data[row, 1] = 0
            self._send.cut(row, PACKET)
            del self._keys[row]
            return
        end, duration = _KEY[step]
        self._send.data[row, 1] = EVENT_TYPE | (0x80 if step == 0 else 0)
        event = began.to_bytes(4, "big"), bytes([digit, end | 10]) + duration.to_bytes(2, "big")
        self._send.data[row, 4:8] = np.frombuffer(event[0], np.uint8)
        self._send.data[row, 12:EVENT_BYTES] = np.frombuffer(event[1], np.uint8)
        self._send.cut(row, EVENT_BYTES)
        self._keys[row] = (digit, step + 1, began)

    def _hand_over(self) -> None:
        kept = self.times, self.sources, self.numbers
        self.times, self.sources, self.numbers = [], [], []
        self._span = (np.concatenate(kept[0]), np.concatenate(kept[1]), np.concatenate(kept[2])) if kept[0] else None
        self._wanted.clear()
        self._given.set()
