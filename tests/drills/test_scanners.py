"""D29: who scans for telephone systems finds none here, and the control wherever he looks."""

import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.run import DRILLS, run
from ringfence.drills.scanners import ATTACKS, missing, scanners


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing() or "it can be played")
def test_d29_scanners_hear_nothing_and_are_banned_within_three_packets() -> None:
    the_control = control()
    assert the_control is not None, "a checkout has the control build"
    ours = scanners(OURS, 1)
    rows = dict(ours.rows)
    assert (ours.reached, ours.tenants, rows["replies"], rows["calls taken"]) == (0, len(ATTACKS), "0", "0")
    assert all(1 <= int(packets) <= 3 for packets in rows["packets until a ban"].split(", "))
    theirs = scanners(the_control, 1)
    assert theirs.reached == len(ATTACKS)
    assert int(dict(theirs.rows)["calls taken"]) > 0


def test_a_drill_is_left_out_where_what_it_needs_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda tool: None)
    assert DRILLS["D29"].missing() == "svmap is not installed (Debian: sipvicious)"
    told: list[str] = []
    assert list(run(["D29"], begins=told.append)) == []
    assert told == ["D29 is left out: svmap is not installed (Debian: sipvicious)"]
