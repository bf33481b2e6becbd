"""Store and key service of an installation, opened by its operator on the same machine."""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine

import msgspec
import uvloop

from ringfence.cli.key_secret import asked_key_secrets
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient, OperatorKeyClient
from ringfence.ports.keys import KeyRefusedError, TenantKeys
from ringfence.ports.operator_keys import Operator
from ringfence.ports.standing_rows import LastingStore
from ringfence.roles.bootstrap import refuse_accounts_without_keys
from ringfence.roles.installation_lock import InstallationLock, holder, is_alone
from ringfence.roles.logs import configure_logging
from ringfence.roles.process import clock_of, prepare_clock
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.roles.supervisor import Supervisor


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What use cases need."""

    store: LastingStore
    keys: TenantKeys
    operator: Operator
    clock: Clock


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Installation]:
    """The installation at `settings.data_dir`, whose key service runs already. RefusalError when it cannot be had."""
    client, operator = Client(settings.socket("kms-api")), Client(settings.socket("kms-operator"))
    store: LastingStore | None = None
    try:
        store = await open_store(settings)
        clock = clock_of(settings)
        yield Installation(
            store=store, keys=ApiKeyClient(client, clock), operator=OperatorKeyClient(operator), clock=clock
        )
    except ConnectionError:
        raise RefusalError("the key service does not answer", "its log tells why; `ringfence doctor`") from None
    except KeyRefusedError:
        raise RefusalError("the key service refused: that secret opens nothing there", "check the token") from None
    except ApiError as error:
        raise RefusalError(f"error {error.code}: {error.message}", "change what it names") from None
    finally:
        if store is not None:
            await store.close()
        await client.close()
        await operator.close()


def operate(settings: Settings, work: Callable[[Installation], Coroutine[None, None, None]]) -> None:
    """Do an operator's `work` on an installation, up or not: where it is not, its key service runs meanwhile."""

    async def bounded() -> None:
        async with _key_service(settings), opened(settings) as installation:
            await work(installation)

    uvloop.run(bounded())


@contextlib.asynccontextmanager
async def _key_service(settings: Settings) -> AsyncIterator[None]:
    running = holder(settings.data_dir) is not None or is_alone(settings.data_dir, "kms")
    if running or not settings.owns_keys:
        yield
        return
    secrets = asked_key_secrets(settings)
    configure_logging("up", "warning")
    make_private(settings.data_dir)
    lock = InstallationLock(settings.data_dir)
    lock.take()
    make_private(settings.run_dir)
    prepare_clock(settings, again=True)
    supervisor = Supervisor(settings, inherited=[lock.descriptor], secrets=secrets)
    try:
        await refuse_accounts_without_keys(settings)
        await supervisor.start("kms")
        yield
    finally:
        await supervisor.stop()
        lock.drop()
