"""What would be logged for every request while something is away: one line at once, then one each interval, counted."""

import threading
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

INTERVAL_S = 10.0
# Lines that come as often as something is tried. All others are told each time.
REPEATED = frozenset(
    {
        "service away",
        "request failed",
        "store away",
        "outbox away",
        "transaction failed",
        "reading failed",
        "doorbell lost",
        "carrier or key service away",
        "key service or store away",
        "events not given back",
        "webhooks not written down",
        "carrier.news_not_written",
        "kms.not_tidied",
        "verify.code_refused",
    }
)
# They tell one occurrence from another, not one cause from another.
_OF_ONE_OCCURRENCE = frozenset(
    {
        "request_id", "count", "attempts", "delay_ms", "sid", "message_sid", "event_id",
        "unanswered", "converted", "allowed",
    }
)  # fmt: skip
_CAUSES_MAX = 256

Tell = Callable[[MutableMapping[str, Any]], None]


class RepeatedLines:
    """A structlog processor. `tell` logs the fields of a line that was kept back, with how many there were."""

    def __init__(self, tell: Tell, interval_s: float = INTERVAL_S) -> None:
        self._tell = tell
        self._interval_s = interval_s
        self._kept_back: dict[str, int] = {}
        self._lock = threading.Lock()

    def __call__(self, _logger: object, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The line itself; structlog.DropEvent where one of this cause was told within the interval."""
        if fields.get("event") not in REPEATED or "repeats" in fields:
            return fields
        same = {key: value for key, value in fields.items() if key not in _OF_ONE_OCCURRENCE}
        cause = repr(sorted(same.items()))
        with self._lock:
            if cause in self._kept_back:
                self._kept_back[cause] += 1
                raise structlog.DropEvent
            if len(self._kept_back) < _CAUSES_MAX:
                self._kept_back[cause] = 0
                self._wake(cause, same)
        return fields

    def _wake(self, cause: str, fields: MutableMapping[str, Any]) -> None:
        timer = threading.Timer(self._interval_s, self._interval_over, (cause, fields))
        timer.daemon = True
        timer.start()

    def _interval_over(self, cause: str, fields: MutableMapping[str, Any]) -> None:
        with self._lock:
            repeats = self._kept_back.pop(cause)
            if repeats:
                self._kept_back[cause] = 0
                self._wake(cause, fields)
        if repeats:
            self._tell({**fields, "repeats": repeats})
