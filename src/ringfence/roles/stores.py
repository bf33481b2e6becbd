"""The store that the settings name: SQLite in the data folder, or PostgreSQL."""

import platform
from typing import TYPE_CHECKING

from ringfence.ports.standing_rows import LastingStore
from ringfence.ports.store import DiskFullError, StoreFailedError
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.schema.steps import ChangedMigrationError, NewerSchemaError, UnmigratedError
from ringfence.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from ringfence.store.postgres import PostgresStore


async def open_store(settings: Settings) -> LastingStore:
    """The open store; RefusalError where it cannot be had, which never holds the database's URL.

    In dev it is migrated first. In production `ringfence migrate` does that, when its operator wants it done.
    """
    store, place = make_store(settings, migrates=settings.dev)
    try:
        await store.open()
    except StoreFailedError as error:
        raise refusal_of(error, settings, place) from None
    return store


def make_store(settings: Settings, *, migrates: bool) -> tuple["SqliteStore | PostgresStore", str]:
    """The store, not yet open, and what to call it."""
    if not settings.database_url:
        return SqliteStore(settings.database, migrates=migrates), str(settings.database)
    try:
        from ringfence.store.postgres import PostgresStore
    except ModuleNotFoundError:
        raise RefusalError("database_url: asyncpg is missing", "pip install 'ringfence[postgres]'") from None
    return PostgresStore(settings.database_url, migrates=migrates), "database_url"


async def reset_database(settings: Settings, *, dry: bool = False) -> int:
    """Forget what is on PostgreSQL, where the settings name it; how many tables there are. `dry` only counts."""
    if not settings.database_url:
        return 0
    _, place = make_store(settings, migrates=False)
    from ringfence.store import postgres_reset

    try:
        return await postgres_reset.reset_database(settings.database_url, dry=dry)
    except StoreFailedError as error:
        raise refusal_of(error, settings, place) from None


def refusal_of(error: StoreFailedError, settings: Settings, place: str) -> RefusalError:
    """Cause and cure of a store that cannot be opened."""
    return RefusalError(f"{place}: {error}", _cure(error, on_postgres=bool(settings.database_url)))


def _cure(error: StoreFailedError, *, on_postgres: bool) -> str:
    if isinstance(error, UnmigratedError):
        return "ringfence migrate"
    if isinstance(error, NewerSchemaError):
        return "run the version that wrote it, or restore the backup made before it migrated"
    if isinstance(error, ChangedMigrationError):
        return "run the version that migrated it, or `ringfence reset` for a new start"
    if isinstance(error, DiskFullError):
        return "make room"
    if on_postgres:
        return "start it, or name another: --database postgresql://USER@HOST/DATABASE"
    return "choose another folder: --data DIR"


def voice_name(settings: Settings) -> str:
    """Under which name this voice process runs its calls: the same after a restart, another in each installation."""
    return f"voice@{platform.node()}:{settings.data_dir}" if settings.database_url else "voice"


def dispatcher_name(settings: Settings) -> str:
    """Whose the leases of this dispatcher are: the same after a restart, another in each installation."""
    return f"dispatcher@{platform.node()}:{settings.data_dir}" if settings.database_url else "dispatcher"
