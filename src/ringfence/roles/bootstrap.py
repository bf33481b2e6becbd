"""The first start: one account with an API key, and in dev the inventory and the number of the demo."""

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.standing import NumberConfig
from ringfence.ipc.client import Client
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.roles.credentials import Credentials
from ringfence.roles.dev_stock import BUSINESS_NAME, BUSINESS_NUMBER, dev_stock
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.create_key import create_key

KEYS_NAME = "kms.db"
KEY_SERVICE_WITHIN_S = 5.0
_PAGE = 1000


async def create_first_account(store: Store, keys: TenantKeys, clock: Clock, *, dev: bool) -> Credentials | None:
    """The first account, made now; None when there is one already. ConnectionError: the key service is away."""
    if await store.accounts(None, limit=1):
        return None
    account = await create_account(store, keys, clock, friendly_name=BUSINESS_NAME if dev else "First account")
    caller = Caller(account=account.sid, credential=account.sid, seed=slot_seed(account.auth_token, account.sid))
    key = await create_key(store, keys, clock, caller=caller, account=account.sid, friendly_name="First key")
    return Credentials(account_sid=account.sid, auth_token=account.auth_token, api_key=key.sid, api_secret=key.secret)


async def refuse_accounts_without_keys(settings: Settings) -> None:
    """RefusalError where a key service that is yet to be made would find accounts whose keys it does not have."""
    if (settings.kms_dir / KEYS_NAME).exists() or not (settings.database_url or settings.database.exists()):
        return
    store = await open_store(settings)
    try:
        if await store.accounts(None, limit=1):
            raise RefusalError(
                f"the database holds accounts, and their keys are not in {settings.kms_dir}",
                "put that folder back, set keys_from to the sockets of the key service that has them, or name another "
                "database",
            )
    finally:
        await store.close()


async def refuse_without_key_service(settings: Settings) -> None:
    """RefusalError where the key service of another installation, which is to serve this one, does not answer."""
    client = Client(settings.socket("kms-api"))
    try:
        await client.ready(KEY_SERVICE_WITHIN_S)
    except ConnectionError:
        raise RefusalError(
            f"no key service answers in {settings.socket('kms-api').parent}, where keys_from leads",
            "start the installation that has it first; its `ringfence doctor` names the folder",
        ) from None
    finally:
        await client.close()


async def first_account_sid(store: Store) -> str:
    """The oldest account. RefusalError when there is none."""
    page = await store.accounts(None, limit=_PAGE)
    if not page:
        raise RefusalError("there is no account yet", "ringfence up makes the first one")
    while older := await store.accounts(None, before=page[-1].sid, limit=_PAGE):
        page = older
    return page[-1].sid


async def stock_dev_numbers(store: Store, keys: TenantKeys, clock: Clock, account: str) -> None:
    """Load the dev inventory, and give the demo's number to an `account` that has none. Again is a no-op."""
    if await store.numbers(account, limit=1):
        return
    if not await store.stocked_regions():
        await store.stock(dev_stock())
    digits, now_ms = BUSINESS_NUMBER.removeprefix("+"), clock.now_ms()
    if await store.available("US", "local", pattern=digits, limit=1, at_ms=now_ms, account=account):
        await buy_number(
            store,
            keys,
            clock,
            account=account,
            number=BUSINESS_NUMBER,
            friendly_name=BUSINESS_NAME,
            config=NumberConfig(),
        )
