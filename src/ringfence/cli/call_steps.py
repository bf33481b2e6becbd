"""A call's timeline as lines of a terminal: what is new each time it is read."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ringfence.cli.visible_text import visible

MAX_CHARACTERS = 100
# A call whose voice process died has no step of its end.
WRITTEN_WITHIN_S = 3.0


class CallSteps:
    """`fresh` gives each step once, `whole` says when there will be no more."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._over_since_s = 0.0

    def fresh(self, timeline: dict[str, Any]) -> Iterator[str]:
        """The lines of steps that were not there before, in order."""
        for place, step in enumerate(timeline["steps"]):
            for key, line in _lines(step, place):
                if key not in self._seen:
                    self._seen.add(key)
                    yield visible(line)[:MAX_CHARACTERS]

    def whole(self, timeline: dict[str, Any]) -> bool:
        """Whether nothing is missing of a call that is over: its steps are written a moment after its status."""
        if not timeline["final"]:
            return False
        self._over_since_s = self._over_since_s or time.monotonic()
        late = time.monotonic() - self._over_since_s > WRITTEN_WITHIN_S
        return late or any(
            step["type"] == "happened" and (step["kind"], step["text"]) == ("status", timeline["status"])
            for step in timeline["steps"]
        )


def _lines(step: dict[str, Any], place: int) -> Iterator[tuple[str, str]]:
    """Each line with what it is known by."""
    if step["type"] == "webhook":
        for number, attempt in enumerate(step["attempts"]):
            answered = attempt["http_status"] or "no answer"
            took = f"callback {step['event'].removeprefix('call.')} → {answered} in {attempt['duration_ms']} ms"
            yield f"callback.{step['event_id']}.{number}", took
    elif step["type"] == "happened":
        line = _line(step)
        if line:
            yield f"{step['kind']}.{step['at']}.{place}", line


def _line(step: dict[str, Any]) -> str:
    match step["kind"]:
        case "verb":
            attributes = " ".join(f'{name}="{value}"' for name, value in step["fields"])
            where = f"  line {step['line']}" if step["line"] else ""
            return f"verb     <{step['text']}{' ' if attributes else ''}{attributes}>{where}"
        case "key":
            return f"key      {step['text']}"
        case "sip" if step["text"].startswith("it rings"):
            return f"call     {step['text']}"
        case "status":
            return f"call     {step['text']}"
        case "webhook":
            exchanges = step["exchanges"] or []
            return "\n".join(_asked(exchange) for exchange in exchanges[-1:])
        case "warning" | "error":
            problem = step["problem"] or {}
            return f"{step['kind']:<8} {problem.get('code') or ''} {problem.get('message') or step['text']}"
    return ""


def _asked(exchange: dict[str, Any]) -> str:
    status = exchange["response"]["status"] if exchange["response"] else "no answer"
    total_ms = exchange["timing"]["total_ms"] or 0
    asked = f"{exchange['request']['method']} {urlsplit(exchange['request']['url']).path}"
    return f"asks     {asked} → {status} in {total_ms:.0f} ms"
