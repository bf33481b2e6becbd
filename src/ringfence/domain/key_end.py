"""When an API key may end by itself: a time to come, within ten years, or never."""

from typing import Final

LIFE_MAX_MS: Final = 3_660 * 86_400_000


def check_key_end(ends_ms: int, now_ms: int) -> int:
    """The same, Unix milliseconds, 0 for never. ValueError for a time that has come, and for one that is far off."""
    if not (ends_ms == 0 or now_ms < ends_ms <= now_ms + LIFE_MAX_MS):
        raise ValueError("expected a time to come, within ten years")
    return ends_ms
