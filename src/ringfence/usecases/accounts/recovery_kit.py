"""A recovery kit: one more slot of an account, for the day on which all its other secrets are lost."""

from ringfence.domain.clock import Clock
from ringfence.domain.recovery_kit import new_recovery_secret, recovery_credential
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.ports.keys import Caller, Slot, TenantKeys
from ringfence.ports.store import AccountRow, AccountStore
from ringfence.usecases.accounts.create_account import NewAccount
from ringfence.usecases.accounts.rotate_auth_token import rotate_auth_token


async def make_recovery_kit(keys: TenantKeys, *, caller: Caller, account: str) -> bytes:
    """The secret of a new kit that opens what `caller` opens, told here and never again. KeyRefusedError.

    An account has one kit: one made before opens nothing any more. It cannot sign in to the API.
    """
    secret = new_recovery_secret()
    credential = recovery_credential(account)
    await keys.revoke_slot(account, credential)
    await keys.add_slot(caller, account, Slot(credential=credential, public=slot_public(_seed(account, secret))))
    return secret


async def recover_account(
    store: AccountStore, keys: TenantKeys, clock: Clock, *, account: AccountRow, secret: bytes
) -> NewAccount:
    """The account with a new Auth Token, by its kit alone. KeyRefusedError where that is not its kit.

    The token before it opens nothing once the new one is first used. The kit stays as it is.
    """
    caller = Caller(account=account.sid, credential=recovery_credential(account.sid), seed=_seed(account.sid, secret))
    return await rotate_auth_token(store, keys, clock, caller=caller, account=account)


def _seed(account: str, secret: bytes) -> bytes:
    return slot_seed(secret.hex(), recovery_credential(account))
