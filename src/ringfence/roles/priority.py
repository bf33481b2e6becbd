"""A process whose work cannot wait asks the system to be served before others."""

import os
from typing import Literal

Service = Literal["real-time", "nice", "as others"]

# The lowest of the real-time priorities: before all ordinary work, behind what the machine itself needs.
RT_PRIORITY = 1
# As far as desktop sound servers go.
NICE = -11


def serve_first() -> Service:
    """Raise the priority of the calling thread, and of those it starts, as far as the system lets it; how far it did.

    Real-time by turns where that is allowed (root, CAP_SYS_NICE, RLIMIT_RTPRIO): the kernel leaves the others 5 % even
    of a process that never rests. Else a better nice value. It works without either, but less evenly. Source: sched(7).
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(RT_PRIORITY))
    # Darwin's Python has no such call.
    except (AttributeError, OSError):
        pass
    else:
        return "real-time"
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    except PermissionError:
        return "as others"
    return "nice"
