"""The barber's whole story, told with PostgreSQL as the store."""

from collections.abc import Callable
from typing import Any

import pytest

from ringfence.testing.postgres_server import PostgresServer

pytestmark = pytest.mark.slow


def test_the_barber_plays_the_whole_story(postgres_server: PostgresServer, group: Callable[..., Any]) -> None:
    one = group("one", database_url=postgres_server.database())
    one.up()
    played = one.run("demo", "barber", "--auto")
    assert played.returncode == 0, played.stdout + played.stderr
    for words in ("appointment CONFIRMED", "appointment RESCHEDULED", "reminder refused (21610)", "that is all"):
        assert words in played.stdout
    assert "signature wrong" not in played.stdout
    assert not (one.data / "ringfence.db").exists()
