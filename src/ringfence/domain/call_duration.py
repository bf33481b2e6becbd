"""How long a call was: seconds for who asks, minutes for who pays.

Source: Twilio, "Call resource" (Duration in seconds) and "Voice pricing" (each minute begun is billed).
"""

SECOND_MS = 1_000
MINUTE_MS = 60_000


def talked_seconds(answered_ms: int | None, ended_ms: int | None) -> int:
    """Seconds from answer to end, each one begun counted; 0 for a call that was never answered."""
    return _begun(answered_ms, ended_ms, SECOND_MS)


def billed_minutes(answered_ms: int | None, ended_ms: int | None) -> int:
    """Minutes from answer to end, each one begun counted, at least one; 0 for a call that was never answered."""
    return 0 if answered_ms is None else max(1, _begun(answered_ms, ended_ms, MINUTE_MS))


def _begun(answered_ms: int | None, ended_ms: int | None, unit_ms: int) -> int:
    if answered_ms is None or ended_ms is None:
        return 0
    # A clock that was set back meanwhile makes a call no shorter than nothing.
    return max(0, -(-(ended_ms - answered_ms) // unit_ms))
