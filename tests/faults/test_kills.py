"""kill -9 of a role under traffic: nothing acknowledged is lost, order holds, the program is told everything."""

import pytest

from faults.kills import kill
from faults.scene import Scene

pytestmark = pytest.mark.slow

# The bar is 2 s on a machine of its own (`make soak` shows it); the machine of a test is shared.
WORKING_AGAIN_S = 8.0


@pytest.mark.parametrize("role", ["dispatcher", "api", "kms"])
def test_a_killed_role_costs_no_text_and_no_callback(on_sqlite: Scene, role: str) -> None:
    books = on_sqlite.round(f"kill {role}", kill(role))
    assert books.problems() == []
    assert books.acknowledged > 50
    assert books.accepts_silent_s < WORKING_AGAIN_S
    assert books.deliveries_silent_s < WORKING_AGAIN_S
