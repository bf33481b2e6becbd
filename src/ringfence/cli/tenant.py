"""The tenant's own secret, for what even the operator cannot do without it."""

import hashlib
import hmac

import typer

from ringfence.cli.installation import Installation
from ringfence.cli.profile import read_profile
from ringfence.domain.sealing.slots import slot_seed
from ringfence.ports.keys import Caller
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


async def tenant_of(installation: Installation, settings: Settings, account: str) -> Caller:
    """`account`, present with its Auth Token: from the profile in dev, else asked for. RefusalError if it is wrong."""
    token = await auth_token_of(installation, settings, account)
    return Caller(account=account, credential=account, seed=slot_seed(token, account))


async def auth_token_of(installation: Installation, settings: Settings, account: str) -> str:
    """The Auth Token itself, for what is signed with it; found and refused in the same way."""
    profile = read_profile(settings)
    if profile is not None and profile.account_sid == account:
        token = profile.auth_token
    else:
        token = typer.prompt(f"Auth Token of {account}", hide_input=True, err=True)
    credential = await installation.store.credential(account)
    if credential is None or not hmac.compare_digest(hashlib.sha256(token.encode()).digest(), credential.verifier):
        raise RefusalError(f"that is not the Auth Token of {account}", "ask the tenant for it")
    return token
