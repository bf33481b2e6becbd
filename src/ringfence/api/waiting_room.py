"""How many may wait, by what came of those who did: who would wait in vain is better refused at the door.

Whoever waits was signed in and read already. Where fewer are served in a second than may wait, the rest cost work for
nothing, and the slower the machine the more of its work goes that way.
"""

_SMALLEST_PART = 8
_GROWTH = 1 / 8


class WaitingRoom:
    """Room for `most`; for half as many, down to an eighth, after a wait in vain; for more again as some are served."""

    def __init__(self, most: int, wait_s: float) -> None:
        self._most = most
        self._least = max(1, most // _SMALLEST_PART)
        self._wait_s = wait_s
        self._size = float(most)
        self._shrunk_s = float("-inf")

    @property
    def size(self) -> int:
        """Who comes when so many wait is refused."""
        return int(self._size)

    def served(self) -> None:
        """One who waited was let in."""
        if self._size < self._most:
            self._size = min(self._most, self._size + _GROWTH)

    def in_vain(self, at_s: float) -> None:
        """One waited too long. Those who came in with it are the same news: once in the time of a wait it counts."""
        if at_s - self._shrunk_s >= self._wait_s:
            self._shrunk_s = at_s
            self._size = max(self._least, self._size / 2)
