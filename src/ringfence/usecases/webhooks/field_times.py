"""Times as webhooks carry them. Many events fall into one second, and more into one minute."""

import functools
import time

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@functools.lru_cache(64)
def dlr_done_date(at_minutes: int) -> str:
    """`YYMMDDhhmm`, UTC, of a Unix time in minutes."""
    return time.strftime("%y%m%d%H%M", time.gmtime(at_minutes * 60))


@functools.lru_cache(64)
def rfc2822(at_s: int) -> str:
    """As RFC 2822 has dates, of a Unix time in seconds."""
    # Not strftime: the names of days and months must not follow the locale.
    at = time.gmtime(at_s)
    clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    return f"{_DAYS[at.tm_wday]}, {at.tm_mday:02d} {_MONTHS[at.tm_mon - 1]} {at.tm_year} {clock} +0000"
