"""A passkey as it is kept, and what each use makes of it. Source: WebAuthn Level 3, sections 6.1.1, 6.1.3 and 7.2."""

import msgspec

from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A credential of one user. `public_key` is its COSE key, `user_handle` what the authenticator knows the user by.

    `backup_eligible`: it may be copied to other devices of its user, and `backed_up` whether it was. `attested`: a
    maker whom we trust vouches for `aaguid`; else that is a claim. `sign_count` is 0 where the authenticator counts
    nothing.
    """

    credential_id: bytes
    public_key: bytes
    user_handle: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str
    transports: tuple[str, ...] = ()
    attested: bool = False

    def __repr__(self) -> str:
        return "Passkey(…)"


def after_use(passkey: Passkey, *, sign_count: int, backup_eligible: bool, backed_up: bool) -> Passkey:
    """The passkey after a use that was signed by it. PasskeyRefusedError: BACKUP where it became another kind of
    credential; COUNTER where it counts backwards or twice the same, as two that were one do."""
    if backup_eligible != passkey.backup_eligible:
        raise PasskeyRefusedError(Refusal.BACKUP)
    # One that counted nothing so far may begin to.
    if 0 < passkey.sign_count >= sign_count:
        raise PasskeyRefusedError(Refusal.COUNTER)
    return msgspec.structs.replace(passkey, sign_count=sign_count, backed_up=backed_up)
