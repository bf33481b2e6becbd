"""How a process that serves many requests shares its time with its own collector and its own threads."""

import gc
import sys

# Requests leave few cycles behind: their objects are freed as they end. `short_held` looks for the others in time.
YOUNG_OBJECTS = 50_000
# A thread that has come back from the disk asks for the interpreter this long before it is given up.
SWITCH_S = 0.0005


def settle() -> None:
    """Call when everything is imported and composed, right before serving.

    What is there by then stays for good, so that no collection walks through it again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
    sys.setswitchinterval(SWITCH_S)
