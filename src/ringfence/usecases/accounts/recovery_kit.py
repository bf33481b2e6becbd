"""A recovery kit: one more slot of an account, for the day on which all its other secrets are lost."""

from collections.abc import Callable

from ringfence.domain.clock import Clock
from ringfence.domain.recovery_kit import new_recovery_secret, recovery_credential
from ringfence.domain.sealing.slots import slot_seed
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, AccountStore
from ringfence.usecases.accounts.create_account import NewAccount
from ringfence.usecases.accounts.credential import slot_of
from ringfence.usecases.accounts.rotate_auth_token import rotate_auth_token


async def make_recovery_kit(keys: TenantKeys, *, caller: Caller, account: str, keep: Callable[[bytes], object]) -> None:
    """Give `keep` the secret of a new kit that opens what `caller` opens, told there and never again. KeyRefusedError.

    An account has one kit, which cannot sign in to the API. One made before opens until this one is kept: what `keep`
    raises leaves it as it was. Where it cannot be ended then (ConnectionError), the first use of the new one ends it.
    """
    secret = new_recovery_secret()
    kit = kit_caller(account, secret)
    await keys.add_slot(caller, account, slot_of(kit.credential, kit.seed))
    keep(secret)
    # Used once, for nothing: that ends the slot before it, and shows that the new one opens.
    await keys.open_epochs(kit, account, [])


async def recover_account(
    store: AccountStore, keys: TenantKeys, clock: Clock, *, account: AccountRow, secret: bytes
) -> NewAccount:
    """The account with a new Auth Token, by its kit alone. KeyRefusedError where that is not its kit.

    The token before it opens nothing once the new one is first used. The kit stays as it is.
    """
    return await rotate_auth_token(store, keys, clock, caller=kit_caller(account.sid, secret), account=account)


def kit_caller(account: str, secret: bytes) -> Caller:
    """The account, present with its kit's secret."""
    credential = recovery_credential(account)
    return Caller(account=account, credential=credential, seed=slot_seed(secret.hex(), credential))
