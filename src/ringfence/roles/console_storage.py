"""The consoles' database, as their process and the operator's commands open it."""

from ringfence.console.storage import DATABASE, ConsoleStorage
from ringfence.ports.store import StoreFailedError
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings


async def open_console_storage(settings: Settings) -> ConsoleStorage:
    """The consoles' database, made where there is none. RefusalError where it cannot be used."""
    make_private(settings.console_dir)
    storage = ConsoleStorage(settings.console_dir / DATABASE)
    try:
        await storage.open()
    except StoreFailedError as error:
        raise RefusalError(f"{settings.console_dir}: {error}", "run the version that wrote it, or restore it") from None
    return storage
