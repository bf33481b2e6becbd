"""D30: RTP bleed. Who sprays packets over the media ports during calls must hear nothing, and not be heard.

What counts are calls, not tenants: a call is reached when a packet of it came to the attacker, or when his tone is in
its recording.
"""

import asyncio
import importlib.util
import sys
import time

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding

DRILL = "D30"
TITLE = "RTP bleed: packets sprayed over the media ports during calls"


def missing() -> str:
    """Why it cannot be played here; "" where it can."""
    if importlib.util.find_spec("numpy") is None:
        return "it needs ringfence[voice]"
    return "" if sys.platform == "linux" else "it needs the loopback addresses of Linux"


def rtp_bleed(design: Design, tenants: int, database: str = "") -> Finding:
    """Play it against one build with so many calls. The database changes nothing here."""
    # It brings numpy along, which the other drills do without.
    from ringfence.drills.rtp_spray import spray

    started = time.monotonic()
    sprayed = asyncio.run(spray(design, tenants))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(sprayed.bled | sprayed.injected),
        seconds=time.monotonic() - started,
        rows=(
            ("packets sprayed", str(sprayed.packets)),
            ("packets of calls that came to the attacker", str(sprayed.heard)),
            ("recordings with his tone in them", str(len(sprayed.injected))),
        ),
    )


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=rtp_bleed,
        tenants=50,
        missing=missing,
    ),
)
