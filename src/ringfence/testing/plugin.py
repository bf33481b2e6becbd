"""The pytest plugin: a fixture `ringfence`, a marker of the same name, and the conversation when a test fails.

Loaded in every pytest run where ringfence is installed, so it imports nothing of ringfence until a test asks.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ringfence.testing.world import Ringfence

MARKER = "ringfence"
_WORLD = pytest.StashKey["Ringfence"]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "ringfence(at=None, account_sid=None, auth_token=None, numbers=(), seed=0, answer_s=15): "
        "how the test's ringfence begins",
    )


@pytest.fixture
def ringfence(request: pytest.FixtureRequest) -> "Iterator[Ringfence]":
    """A calling and texting platform of the test's own, in its process, with a clock that stands still."""
    from ringfence.testing.start import started

    with started(**_options(request.node)) as world:
        request.node.stash[_WORLD] = world
        yield world
        del request.node.stash[_WORLD]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> "Any":
    """Add the conversation to the report of a test that failed."""
    report: pytest.TestReport = yield
    world = item.stash.get(_WORLD, None)
    if world is not None and report.when == "call" and report.failed:
        report.sections.append(("ringfence: what was said", world.conversation()))
    return report


def _options(node: pytest.Item) -> dict[str, Any]:
    """The marker's arguments; those nearest to the test win."""
    options: dict[str, Any] = {}
    for marker in node.iter_markers(MARKER):
        if marker.args:
            raise pytest.UsageError(f"@pytest.mark.{MARKER} takes named arguments only, for example at=…, numbers=[…]")
        options = {**marker.kwargs, **options}
    return options
