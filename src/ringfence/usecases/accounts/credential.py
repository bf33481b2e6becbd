"""A credential as it is made: the secret for its owner's eyes, and what the installation keeps in its place."""

import hashlib
import secrets
import string

import msgspec

from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.domain.standing import hmac_states_record
from ringfence.ports.keys import Slot, TenantKeys
from ringfence.ports.store import CredentialRow

AUTH_TOKEN = "auth_token"  # noqa: S105
API_KEY = "api_key"
SECONDARY_TOKEN = "secondary_token"  # noqa: S105
_ALPHABET = string.ascii_letters + string.digits


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh secret with its slot. The slot and the row are kept; the secret is told once."""

    sid: str
    secret: str
    slot: Slot

    def __repr__(self) -> str:
        return f"Credential({self.sid})"


def secondary_of(account: str) -> str:
    """The name under which an account's secondary Auth Token is kept: nobody signs in by that name."""
    return f"{account}.secondary"


def new_auth_token() -> str:
    """32 hex digits, 128 random bits."""
    return secrets.token_hex(16)


def new_api_secret() -> str:
    """32 letters and digits, 190 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(32))


def credential_of(sid: str, secret: str) -> Credential:
    """The slot that `secret` opens, under the name of `sid`."""
    return Credential(sid=sid, secret=secret, slot=slot_of(sid, slot_seed(secret, sid)))


def slot_of(credential: str, seed: bytes) -> Slot:
    """The slot of a holder that opens by either KEM."""
    return Slot(credential=credential, public=slot_public(seed), hybrid=slot_public(seed, hybrid=True))


async def credential_row(
    keys: TenantKeys,
    credential: Credential,
    *,
    account: str,
    kind: str,
    friendly_name: str = "",
    created_ms: int,
    updated_ms: int,
    policy: str = "",
) -> CredentialRow:
    """What stands in the store: a verifier, and the HMAC states sealed as standing configuration."""
    secret = credential.secret.encode()
    (sealed,) = await keys.seal_standing(account, [(hmac_states_record(credential.sid), states_of(secret))])
    return CredentialRow(
        account=account,
        sid=credential.sid,
        kind=kind,
        verifier=hashlib.sha256(secret).digest(),
        hmac_states=sealed,
        friendly_name=friendly_name,
        created_ms=created_ms,
        updated_ms=updated_ms,
        policy=policy,
    )
