"""Overwrite memory as it is freed: what a role has dropped, a text or a key, is not found in its memory afterwards.

Python frees and does not overwrite, and neither does it let go of blocks in which a moment ago a text lay. With glibc
each block can be had of malloc(3), which fills it as it is freed, once it keeps none aside in its thread cache. What
libraries in C free is overwritten with it. Sources: mallopt(3), M_PERTURB; the GNU C Library manual, "Memory Allocation
Tunables"; Python's documentation, PYTHONMALLOC. Elsewhere than on glibc nothing is changed.
"""

import os
import sys
from collections.abc import Mapping

ALLOCATOR, TUNABLES = "PYTHONMALLOC", "GLIBC_TUNABLES"
_MALLOC = "malloc"
# Freed bytes become this one; fresh ones its complement.
_FILLED_WITH = 0xA5
_OURS = f"glibc.malloc.perturb={_FILLED_WITH}:glibc.malloc.tcache_count=0"


def possible() -> bool:
    """Whether this system's C library does it."""
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (AttributeError, OSError, ValueError):
        return False


def wiping(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a process overwrites what it frees; as it was where that is not possible."""
    if not possible() or is_wiping(environment):
        return dict(environment)
    tunables = ":".join(each for each in (environment.get(TUNABLES, ""), _OURS) if each)
    return {**environment, ALLOCATOR: _MALLOC, TUNABLES: tunables}


def is_wiping(environment: Mapping[str, str]) -> bool:
    """Whether a process that was executed in this environment overwrites what it frees."""
    return environment.get(ALLOCATOR) == _MALLOC and environment.get(TUNABLES, "").endswith(_OURS)


def begin_wiping() -> None:
    """Return in a process that overwrites what it frees: where this one does not, it is executed anew.

    Call it before anything secret is read, and before anything is locked.
    """
    if possible() and not is_wiping(os.environ):
        os.execve(sys.executable, sys.orig_argv, wiping(os.environ))  # noqa: S606 - the same command again
