"""`ringfence migrate`: says what it would do, does it once, and refuses what it must not touch, on both stores."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.schema import sqlite_migrate
from ringfence.store import postgres_migrate, sqlite_session
from ringfence.store.postgres_connection import connect

if TYPE_CHECKING:
    from ringfence.testing.postgres_server import PostgresServer

Ringfence = Callable[..., "subprocess.CompletedProcess[str]"]


def older_file(data: Path) -> Path:
    """A database of the first schema."""
    path = data / "ringfence.db"
    data.mkdir(parents=True)
    connection = sqlite3.connect(path, isolation_level=None)
    sqlite_migrate.migrate(connection, path, sqlite_session.migrations()[:1])
    connection.close()
    return path


def older_database(url: str) -> None:
    async def story() -> None:
        connection = await connect(url)
        await postgres_migrate.migrate(connection, postgres_migrate.migrations()[:1])
        await connection.close()

    asyncio.run(story())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / ".local/share/ringfence"


def test_check_tells_and_changes_nothing_then_it_migrates_after_a_copy(ringfence: Ringfence, data: Path) -> None:
    path = older_file(data)
    before = path.read_bytes()
    told = ringfence("migrate", "--check")
    assert told.returncode == 1
    assert "0002 " in told.stdout
    assert f"a copy from before is {path}.before-0002" in told.stdout
    assert path.read_bytes() == before
    done = ringfence("migrate")
    assert done.returncode == 0, done.stderr
    assert path.with_name("ringfence.db.before-0002").exists()
    for again in (ringfence("migrate"), ringfence("migrate", "--check")):
        assert (again.returncode, again.stdout) == (0, f"{path}: nothing to do\n")


def test_a_new_database_is_made(ringfence: Ringfence, data: Path) -> None:
    assert "there is nothing to back up" in ringfence("migrate", "--check").stdout
    assert not data.exists()
    assert ringfence("migrate").returncode == 0
    assert (data / "ringfence.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "cause", "cure"),
    [
        ("INSERT INTO migration VALUES (99, 'future', '', 0)", "schema 99", "run the version that wrote it"),
        ("UPDATE migration SET sha256 = 'edited'", "another than the one applied", "run the version that migrated it"),
        ("DROP TABLE migration", "another product", "--data DIR"),
    ],
)
def test_what_must_not_be_touched_is_refused_with_cause_and_cure(
    ringfence: Ringfence, data: Path, change: str, cause: str, cure: str
) -> None:
    path = older_file(data)
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    before = path.read_bytes()
    for arguments in (["migrate"], ["migrate", "--check"]):
        refused = ringfence(*arguments)
        assert refused.returncode == 1
        assert cause in refused.stderr
        assert cure in refused.stderr
    assert path.read_bytes() == before


def test_on_postgresql_it_asks_for_a_backup_first(ringfence: Ringfence, postgres_server: "PostgresServer") -> None:
    url = postgres_server.database()
    older_database(url)
    told = ringfence("migrate", "--check", RINGFENCE_DATABASE_URL=url)
    assert told.returncode == 1
    assert "pg_dump --schema=ringfence" in told.stdout
    refused = ringfence("migrate", answer="n\n", RINGFENCE_DATABASE_URL=url)
    assert refused.returncode == 1
    assert "nothing was migrated" in refused.stderr
    assert ringfence("migrate", "--check", RINGFENCE_DATABASE_URL=url).returncode == 1
    assert ringfence("migrate", answer="y\n", RINGFENCE_DATABASE_URL=url).returncode == 0
    assert ringfence("migrate", "--check", RINGFENCE_DATABASE_URL=url).stdout == "database_url: nothing to do\n"


def test_a_read_only_database_is_refused(ringfence: Ringfence, postgres_server: "PostgresServer") -> None:
    url = postgres_server.database()
    name = url.split("/")[3].split("?")[0]
    postgres_server.run("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    refused = ringfence("migrate", "--yes", RINGFENCE_DATABASE_URL=url)
    assert refused.returncode == 1
    assert "reset default_transaction_read_only" in refused.stderr


def production(data: Path, url: str = "") -> Settings:
    return Settings(data_dir=data, database_url=url, mode="production", base_url="https://text.example")


def test_in_production_a_role_refuses_to_start_until_it_was_migrated(
    ringfence: Ringfence, data: Path, postgres_server: "PostgresServer", run: Callable[..., Any]
) -> None:
    older_file(data)
    url = postgres_server.database()
    older_database(url)
    for settings in (production(data), production(data, url)):

        async def opened(settings: Settings = settings) -> None:
            await (await open_store(settings)).close()

        with pytest.raises(RefusalError, match="lacks") as refused:
            run(opened())
        assert refused.value.cure == "ringfence migrate"
        assert ringfence("migrate", "--yes", RINGFENCE_DATABASE_URL=settings.database_url).returncode == 0
        run(opened())


def test_of_two_that_migrate_at_once_one_waits_and_both_succeed(
    postgres_server: "PostgresServer", surroundings: dict[str, str], tmp_path: Path
) -> None:
    url = postgres_server.database()
    older_database(url)
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "ringfence", "migrate", "--yes"],
            cwd=tmp_path,
            env=surroundings | {"RINGFENCE_DATABASE_URL": url},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert [process.wait(30) for process in both] == [0, 0]
    name = url.split("/")[3].split("?")[0]
    count = postgres_server.run(name, "SELECT count(*), count(DISTINCT number) FROM ringfence.migration")
    known = len(postgres_migrate.migrations())
    assert count == f"{known}|{known}"
