"""D12: who is root reads what goes through while he is there, and nothing of those who do not call."""

import re

import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.host_root import host_root, missing
from ringfence.roles.wiped_memory import possible


@pytest.mark.long
@pytest.mark.skipif(bool(missing()), reason=missing() or "it is all here")
def test_d12_root_gets_what_goes_through_and_nobody_who_keeps_quiet() -> None:
    ours = host_root(OURS, 2)
    assert ours.reached == 0
    rows = dict(ours.rows)
    # The curve is earned: whoever calls is reached, and the texts of the same hour before.
    for minutes in (1, 5, 15):
        reached, calling = map(int, re.findall(r"\d+", rows[f"conceded, within {minutes} minutes"])[:2])
        assert (reached, calling) == (minutes, minutes)
    assert rows["conceded, of the same hour, before"] == "1 of 1 tenants"
    assert not rows["keys asked for, refused"].endswith(", 0")
    assert possible() is False or [told for what, told in ours.rows if "after the last" in what] == ["0 of 15"]
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    assert host_root(theirs, 2).reached == 2
