"""D24B: staff give nobody a factor, a passkey or a slot; in the control a device for whomever they like."""

import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.staff_adding import staff_adding


def test_d24b_staff_add_nothing_that_lets_somebody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = staff_adding(OURS, 1)
    rows = dict(ours.rows)
    assert (ours.reached, rows["kinds added"]) == (0, "none")
    assert rows["passkeys of staff's own ceremonies, shown to all routes"] == "1"
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = staff_adding(theirs, 1)
    assert (found.reached, dict(found.rows)["kinds added"]) == (1, "verify_factor")
