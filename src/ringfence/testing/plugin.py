"""The pytest plugin: a fixture `ringfence`, a marker of the same name, and the conversation when a test fails.

Loaded in every pytest run where ringfence is installed, so it imports nothing of ringfence until a test asks.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ringfence.testing.deck import Deck
    from ringfence.testing.world import Ringfence

MARKER = "ringfence"
CASSETTE_MARKER = "ringfence_cassette"
RECORD = "--ringfence-record"
_WORLD = pytest.StashKey["Ringfence"]()
_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "ringfence(at=None, account_sid=None, auth_token=None, numbers=(), seed=0, answer_s=15): "
        "how the test's ringfence begins",
    )
    config.addinivalue_line("markers", "ringfence_cassette(path, keep=()): where it lies, and which fields are kept")


@pytest.fixture
def ringfence(request: pytest.FixtureRequest) -> "Iterator[Ringfence]":
    """A calling and texting platform of the test's own, in its process, with a clock that stands still."""
    from ringfence.testing.start import started

    with started(**_options(request.node)) as world:
        request.node.stash[_WORLD] = world
        yield world
        del request.node.stash[_WORLD]


@pytest.fixture
def ringfence_cassette(request: pytest.FixtureRequest) -> "Iterator[Deck]":
    """What the test's program and the real service once said to each other, played again."""
    from ringfence.testing.deck import Deck, running

    marker = request.node.get_closest_marker(CASSETTE_MARKER)
    given = dict(marker.kwargs) if marker is not None else {}
    name = marker.args[0] if marker is not None and marker.args else _cassette_name(request.node)
    path = request.path.parent / name
    with running(Deck(path, recording=bool(request.config.getoption(RECORD)), **given)) as deck:
        yield deck
    # What a test that failed did not ask is no news.
    if not request.node.stash.get(_FAILED, False):
        deck.finish()


def _cassette_name(node: pytest.Item) -> str:
    """cassettes/MODULE/TEST.json; a name that no file may have is told apart from its like by its hash."""
    from hashlib import sha256

    kept = "".join(each if each.isalnum() or each in "-_." else "-" for each in node.name)[:100]
    apart = "" if kept == node.name else f"-{sha256(node.name.encode()).hexdigest()[:8]}"
    return f"cassettes/{node.path.stem}/{kept}{apart}.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that lets requests out."""
    group = parser.getgroup("ringfence")
    group.addoption(
        RECORD, action="store_true", help="record cassettes of ringfence_cassette from the real service, scrubbed"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> "Any":
    """Add the conversation to the report of a test that failed."""
    report: pytest.TestReport = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
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
