"""The store that the settings name: SQLite in the data folder, or PostgreSQL."""

import platform

from ringfence.ports.store import Store, StoreFailedError
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.store.sqlite import SqliteStore


async def open_store(settings: Settings) -> Store:
    """The open store; RefusalError where it cannot be had, which never holds the database's URL."""
    store, place, cure = _store(settings)
    try:
        await store.open()
    except StoreFailedError as error:
        raise RefusalError(f"{place}: {error}", cure) from None
    return store


def dispatcher_name(settings: Settings) -> str:
    """Whose the leases of this dispatcher are: the same after a restart, another in each installation."""
    return f"dispatcher@{platform.node()}:{settings.data_dir}" if settings.database_url else "dispatcher"


def _store(settings: Settings) -> tuple[Store, str, str]:
    """The store, what to call it, and where to read on."""
    if not settings.database_url:
        return (
            SqliteStore(settings.database),
            str(settings.database),
            "run the version of ringfence that wrote it, or forget it: ringfence reset",
        )
    try:
        from ringfence.store.postgres import PostgresStore
    except ModuleNotFoundError:
        raise RefusalError("database_url: asyncpg is missing", "pip install 'ringfence[postgres]'") from None
    return (
        PostgresStore(settings.database_url),
        "database_url",
        "start it, or name another: --database postgresql://USER@HOST/DATABASE",
    )
