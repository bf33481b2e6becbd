"""How far from now what waits may lie, once the clock was set back: the same in every store."""

TO_COME_MS = 1_000
"""What lies no further ahead comes by itself, and may be of another process that read the clock a moment later."""

AHEAD_MS = 60_000
"""Texts that waited go before those accepted since the clock was set back, which takes less than this to be noticed."""

EVENTS_WITHIN_MS = 3_600_000
"""No webhook is put off by more than this, so none is due or leased for longer."""
