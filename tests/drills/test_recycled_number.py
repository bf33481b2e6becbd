"""D33: who rents a number that another gave up reads nothing of that other; in the control, what still comes for it."""

from ringfence.drills.design import OURS, control
from ringfence.drills.recycled_number import recycled_number


def test_d33_a_number_rests_for_ninety_days_and_takes_no_history_along() -> None:
    ours = recycled_number(OURS, 3)
    assert (ours.reached, ours.rows) == (0, (("numbers rented within 90 days, after them", "0, 3"),))
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = recycled_number(theirs, 3)
    assert (found.reached, found.rows) == (3, (("numbers rented within 90 days, after them", "3, 0"),))
