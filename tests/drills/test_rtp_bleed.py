"""D30: who sprays packets over the media ports is neither sent to nor recorded; the control does both."""

import sys

import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.rtp_bleed import missing, rtp_bleed


@pytest.mark.skipif(sys.platform != "linux", reason="it needs the loopback addresses of Linux")
def test_d30_sprayed_packets_reach_no_call() -> None:
    assert missing() == ""
    the_control = control()
    assert the_control is not None, "a checkout has the control build"
    ours = rtp_bleed(OURS, 4)
    rows = dict(ours.rows)
    assert ours.reached == 0
    assert rows["packets of calls that came to the attacker"] == "0"
    assert rows["recordings with his tone in them"] == "0"
    assert int(rows["packets sprayed"]) == 4 * 4 * 50
    theirs = rtp_bleed(the_control, 4)
    assert theirs.reached == 4
    assert dict(theirs.rows)["recordings with his tone in them"] == "4"
    assert int(dict(theirs.rows)["packets of calls that came to the attacker"]) > 0
