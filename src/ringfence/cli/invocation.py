"""How this program is called from here, for the commands it suggests."""

import shutil
import sys
from pathlib import Path


def invocation() -> str:
    """`ringfence` where the shell finds this program by that name, else the path that it was called by."""
    called = Path(sys.argv[0])
    if called.name != "ringfence" or called.parent == Path():
        return "ringfence"
    found = shutil.which("ringfence")
    if found is not None and called.exists() and Path(found).samefile(called):
        return "ringfence"
    return sys.argv[0]
