"""What was said in a test, in order, so that a failure can be read as a conversation."""

from collections import deque

from ringfence.testing.clock import moment

LINES_KEPT = 2_000
BODY_CHARACTERS = 400
NOTHING = "Nothing was said: no request to the API, no text, no webhook."


class Journal:
    """The last 2,000 lines."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._written = 0

    def write(self, at_ms: int, line: str, *below: str) -> None:
        """Add a line, and lines that belong to it."""
        self._lines.append(f"{moment(at_ms):%m-%d %H:%M:%S.%f}"[:-3] + f"  {line}")
        self._lines.extend(f"{'':20}{more}" for part in below for more in part.splitlines())
        self._written += 1 + len(below)

    def __str__(self) -> str:
        if not self._lines:
            return NOTHING
        left_out = ["… what came before is left out"] if self._written > LINES_KEPT else []
        return "\n".join([*left_out, *self._lines])


def quoted(body: str) -> str:
    """A body on one line, not too long."""
    line = body if len(body) <= BODY_CHARACTERS else body[: BODY_CHARACTERS - 1] + "…"
    return f'"{line}"'.replace("\n", "⏎")
