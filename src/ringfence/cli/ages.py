"""Times as the command line takes and shows them."""

import datetime
import re

from ringfence.roles.refusal import RefusalError

_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def age_ms(text: str, option: str = "--since") -> int:
    """How long ago, in ms, of 90s, 30m, 2h or 3d. RefusalError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise RefusalError(f"{option}: {text!r} is no age", "use 90s, 30m, 2h or 3d", exit_code=2)
    return int(match[1]) * _UNIT_MS[match[2]]


def moment_ms(text: str, option: str, now_ms: int) -> int:
    """A time, Unix ms, by how long ago it was or as 2026-11-29T10:00 in UTC. RefusalError."""
    if _DURATION.fullmatch(text):
        return now_ms - age_ms(text, option)
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(
            f"{option}: {text!r} is no time", "use 90s, 30m, 2h, 3d, or 2026-11-29T10:00 in UTC", exit_code=2
        ) from None
    return int(moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp() * 1_000)


def shown_time(at_ms: int) -> str:
    """A time in UTC, to the second."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
