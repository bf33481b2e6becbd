"""A process whose work cannot wait asks the system to be served before others."""

import contextlib
import os

# As far as desktop sound servers go.
NICE = -11


def serve_first() -> bool:
    """Raise this process's priority where the system lets it; whether it did. It works without, but less evenly."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        return True
    return False
