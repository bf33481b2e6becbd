"""What browsers are asked, as JSON has it. Source: WebAuthn Level 3, sections 5.1.9, 5.1.10, 5.4 and 5.5."""

from collections.abc import Sequence
from typing import Any

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.passkeys.answers import PUBLIC_KEY
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.passkeys.public_key import Algorithm
from ringfence.ports.passkeys import AuthenticatorWish, Ceremony, PasskeyUser


def registration_options(
    ceremony: Ceremony,
    user: PasskeyUser,
    now_ms: int,
    *,
    wish: AuthenticatorWish,
    taken: Sequence[Passkey],
    attestation: str,
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON."""
    selection: dict[str, Any] = {
        # For browsers that know Level 1 alone.
        "requireResidentKey": wish.discoverable == "required",
        "residentKey": wish.discoverable,
        "userVerification": ceremony.user_verification,
    }
    if wish.attachment:
        selection = {"authenticatorAttachment": wish.attachment, **selection}
    return {
        "rp": {"id": ceremony.party.id, "name": ceremony.party.name},
        "user": {"id": encode_base64url(user.handle), "name": user.name, "displayName": user.display_name},
        "challenge": encode_base64url(ceremony.challenge),
        "pubKeyCredParams": [{"type": PUBLIC_KEY, "alg": each.value} for each in Algorithm],
        "timeout": _left_ms(ceremony, now_ms),
        "excludeCredentials": _descriptors(taken),
        "authenticatorSelection": selection,
        "attestation": attestation,
    }


def authentication_options(ceremony: Ceremony, now_ms: int, *, allowed: Sequence[Passkey]) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON."""
    return {
        "challenge": encode_base64url(ceremony.challenge),
        "timeout": _left_ms(ceremony, now_ms),
        "rpId": ceremony.party.id,
        "allowCredentials": _descriptors(allowed),
        "userVerification": ceremony.user_verification,
    }


def _left_ms(ceremony: Ceremony, now_ms: int) -> int:
    return max(0, ceremony.until_ms - now_ms)


def _descriptors(passkeys: Sequence[Passkey]) -> list[dict[str, Any]]:
    return [
        {
            "type": PUBLIC_KEY,
            "id": encode_base64url(each.credential_id),
            **({"transports": list(each.transports)} if each.transports else {}),
        }
        for each in passkeys
    ]
