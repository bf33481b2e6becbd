"""`ringfence reset` forgets what is ours, asks first, and touches nothing else."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringfence.roles.installation_lock import InstallationLock, LoneRoleLock
from ringfence.store.postgres import PostgresStore
from ringfence.testing.postgres_server import PostgresServer

DATA = ".local/share/ringfence"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / DATA
    (folder / "kms" / "keys").mkdir(parents=True)
    (folder / "kms" / "keys" / "standing").write_text("key")
    (folder / "run").mkdir()
    (folder / "ringfence.db").write_text("rows")
    (folder / "ringfence.db-wal").write_text("rows")
    (folder / "ringfence.db.before-0002").write_text("rows")
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_deleted(ringfence, data: Path, answer: str) -> None:
    done = ringfence("reset", answer=answer)
    assert done.returncode != 0
    assert (data / "ringfence.db").exists()


def test_with_a_yes_all_that_is_ours_goes_and_only_that(ringfence, data: Path) -> None:
    done = ringfence("reset", answer="y\n")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in data.iterdir()] == ["notes.txt"]


def test_the_flag_answers_beforehand(ringfence, data: Path) -> None:
    assert ringfence("reset", "--yes").returncode == 0
    assert ringfence("reset", "--yes").stdout == f"nothing to reset in {data}\n"


def test_a_running_installation_is_not_reset(ringfence, data: Path) -> None:
    lock = InstallationLock(data)
    lock.take()
    done = ringfence("reset", "--yes")
    lock.drop()
    assert done.returncode == 1
    assert "is up" in done.stderr
    assert (data / "ringfence.db").exists()


def test_an_installation_with_a_role_that_runs_alone_is_not_reset(ringfence, data: Path) -> None:
    lock = LoneRoleLock(data, "kms")
    lock.take()
    done = ringfence("reset", "--yes")
    lock.drop()
    assert done.returncode == 1
    assert "kms runs alone" in done.stderr
    assert (data / "ringfence.db").exists()


def test_profile_and_authority_go_too(ringfence, data: Path, tmp_path: Path) -> None:
    profile = tmp_path / ".config/ringfence/profiles/default.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text("")
    authority = profile.with_suffix("")
    authority.mkdir()
    (authority / "authority.pem").write_text("")
    ringfence("reset", "--yes")
    assert not profile.exists()
    assert not authority.exists()


@pytest.fixture
def database(postgres_server: PostgresServer, run: Callable[..., Any]) -> tuple[str, str]:
    """A migrated database: its URL and its name."""
    url = postgres_server.database()

    async def made() -> None:
        store = PostgresStore(url)
        await store.open()
        await store.close()

    run(made())
    return url, url.split("/")[3].split("?")[0]


def tables(server: PostgresServer, name: str) -> int:
    return int(server.run(name, "SELECT count(*) FROM pg_tables WHERE schemaname = 'ringfence'"))


def test_on_postgresql_our_tables_go_and_the_schema_and_all_else_stay(
    ringfence, postgres_server: PostgresServer, database: tuple[str, str], data: Path
) -> None:
    url, name = database
    postgres_server.run(name, "CREATE TABLE public.theirs (n int)")
    kept = ringfence("reset", answer="n\n", RINGFENCE_DATABASE_URL=url)
    assert kept.returncode == 1
    assert "and in the database" in kept.stdout
    assert tables(postgres_server, name) > 5
    assert ringfence("reset", "--yes", RINGFENCE_DATABASE_URL=url).returncode == 0
    assert tables(postgres_server, name) == 0
    assert not (data / "kms").exists()
    assert postgres_server.run(name, "SELECT count(*) FROM pg_namespace WHERE nspname = 'ringfence'") == "1"
    assert postgres_server.run(name, "SELECT count(*) FROM public.theirs") == "0"
    assert ringfence("migrate", RINGFENCE_DATABASE_URL=url).returncode == 0


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE ringfence.theirs (n int)",
        "DROP TABLE ringfence.migration",
        "CREATE VIEW public.report AS SELECT * FROM ringfence.message",
    ],
)
def test_what_is_not_ours_or_is_built_on_ours_is_refused_and_nothing_goes(
    ringfence, postgres_server: PostgresServer, database: tuple[str, str], data: Path, change: str
) -> None:
    url, name = database
    postgres_server.run(name, change)
    before = tables(postgres_server, name)
    refused = ringfence("reset", "--yes", RINGFENCE_DATABASE_URL=url)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert ("table theirs" in refused.stderr) == change.startswith("CREATE TABLE")
    assert ("has no table migration" in refused.stderr) == change.startswith("DROP TABLE")
    assert tables(postgres_server, name) == before
    assert (data / "ringfence.db").exists()


def test_a_database_that_somebody_uses_is_not_reset(
    ringfence, postgres_server: PostgresServer, database: tuple[str, str], data: Path
) -> None:
    url, name = database

    async def user() -> None:
        store = PostgresStore(url)
        await store.open()
        refused = await asyncio.to_thread(ringfence, "reset", "--yes", RINGFENCE_DATABASE_URL=url)
        await store.close()
        assert refused.returncode == 1
        assert "still uses it" in refused.stderr

    asyncio.run(user())
    assert tables(postgres_server, name) > 5
    assert (data / "ringfence.db").exists()
