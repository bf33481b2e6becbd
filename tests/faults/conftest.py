"""Scenes: a running installation with traffic, handsets and a webhook, on each store."""

from collections.abc import Iterator

import pytest

from faults.scene import Scene
from ringfence.testing.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One installation on SQLite, with a clock that can be moved, for the faults of this test process."""
    with Scene(tmp_path_factory.mktemp("sqlite"), "sqlite", clock="+0s") as scene:
        yield scene


@pytest.fixture(scope="session")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Scene]:
    """One installation on PostgreSQL for the faults of this test process."""
    with Scene(tmp_path_factory.mktemp("postgres"), "postgresql", database_url=postgres_server.database()) as scene:
        yield scene
