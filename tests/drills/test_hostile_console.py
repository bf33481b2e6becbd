"""D36 small: a console's script gets nothing of the frame, and all of it where that is of the console's own origin."""

import pytest

from ringfence.drills.design import OURS, Design, control
from ringfence.drills.hostile_console import TEXTS, hostile_console, missing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.skipif(bool(missing()), reason=f"D36: {missing()}"),
]


@pytest.fixture(scope="module")
def the_control() -> Design:
    design = control()
    assert design is not None
    return design


def test_d36_the_script_of_a_console_gets_nothing_of_the_key_origin() -> None:
    found = hostile_console(OURS, 2)
    assert found.reached == 0
    assert found.rows == (("texts that members read meanwhile", f"{2 * TEXTS} of {2 * TEXTS}"),)


def test_d36_it_gets_all_where_keys_are_of_the_consoles_own_origin(the_control: Design) -> None:
    assert hostile_console(the_control, 2).reached == 2
