"""Which store the settings name, and how one that cannot be had is refused."""

import asyncio
from pathlib import Path

import pytest

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.settings_sources import load_settings
from ringfence.roles.stores import dispatcher_name, open_store
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore


def kind_of(settings: Settings) -> type:
    async def opened_and_closed() -> type:
        store = await open_store(settings)
        assert await store.ready()
        await store.close()
        return type(store)

    return asyncio.run(opened_and_closed())


def test_without_a_url_it_is_sqlite_in_the_data_folder(tmp_path: Path) -> None:
    assert kind_of(Settings(data_dir=tmp_path)) is SqliteStore
    assert (tmp_path / "ringfence.db").exists()


def test_with_a_url_it_is_postgresql(tmp_path: Path, postgres_url: str) -> None:
    assert kind_of(Settings(data_dir=tmp_path, database_url=postgres_url)) is PostgresStore
    assert not (tmp_path / "ringfence.db").exists()


def test_a_server_that_is_not_there_is_refused_without_its_password(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://ada:hunter2@/nowhere?host=/nonexistent")
    with pytest.raises(RefusalError, match="does not answer") as refused:
        asyncio.run(open_store(settings))
    assert "hunter2" not in str(refused.value) + repr(settings)
    assert "--database postgresql://" in refused.value.cure


def test_a_url_of_another_kind_is_refused_without_being_told() -> None:
    with pytest.raises(RefusalError, match="no URL of PostgreSQL") as refused:
        load_settings(environment={"RINGFENCE_DATABASE_URL": "mysql://ada:hunter2@h/d"})
    assert "hunter2" not in str(refused.value)


def test_dispatchers_on_one_database_have_names_of_their_own() -> None:
    one, other = (
        Settings(data_dir=Path(folder), database_url="postgresql:///ringfence") for folder in ("/srv/a", "/srv/b")
    )
    assert dispatcher_name(one) == dispatcher_name(one) != dispatcher_name(other)
    assert dispatcher_name(Settings(data_dir=Path("/srv/a"))) == "dispatcher"
