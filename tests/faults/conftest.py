"""Scenes: a running installation with traffic, handsets and a webhook, on each store."""

from collections.abc import Iterator

import pytest

from faults.scene import Scene


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One installation on SQLite for the faults of a module."""
    with Scene(tmp_path_factory.mktemp("sqlite"), "sqlite") as scene:
        yield scene
